#!/usr/bin/env python3
"""Each runtime under fakewix run: does its own HTTP client reach the fake, and does its clock follow?
docs/CLIENT-CLOCK.md has the answers as a table.

usage: runtimes_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import unittest
import urllib.request

sys.dont_write_bytecode = True
from fakes import BIN, Case, FAKEWIX, PATIENCE, environment  # noqa: E402

API = "https://www.wixapis.com/apps/v1/instance"
DEBIAN_PYTHON = "/usr/bin/python3"

# What a call is: the program prints the status that the fake answers with.
CALLS = {
    "curl": ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", API],
    "node": ["node", "-e", f"fetch('{API}').then(r => console.log(r.status))"],
    "python3 urllib": ["python3", "-c", f"""
import urllib.request, urllib.error
try: urllib.request.urlopen("{API}")
except urllib.error.HTTPError as e: print(e.code)"""],
    "python3 requests": [DEBIAN_PYTHON, "-c", f"import requests; print(requests.get('{API}').status_code)"],
    "java HttpClient": ["java", "Call.java"],
    "java HttpURLConnection": ["java", "OldCall.java"],
    "php streams": ["php", "-r", f"""
$c = stream_context_create(["http" => ["ignore_errors" => true]]);
file_get_contents("{API}", false, $c);
echo explode(" ", $http_response_header[0])[1];"""],
    "php curl": ["php", "-r", f"""
$c = curl_init("{API}");
curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
curl_exec($c) !== false or fwrite(STDERR, curl_error($c));
echo curl_getinfo($c, CURLINFO_RESPONSE_CODE);"""],
    "ruby": ["ruby", "-rnet/http", "-e", f"puts Net::HTTP.get_response(URI('{API}')).code"],
    "perl HTTP::Tiny": ["perl", "-MHTTP::Tiny", "-e",
                        f"print HTTP::Tiny->new(verify_SSL => 1)->get('{API}')->{{status}}"],
    "perl LWP": ["perl", "-MLWP::UserAgent", "-e",
                 f"print LWP::UserAgent->new->get('{API}')->code"],
}
# Whether the parts beside the program itself are there.
PARTS = {
    "python3 requests": [DEBIAN_PYTHON, "-c", "import requests"],
    "php curl": ["php", "-r", "exit(function_exists('curl_init') ? 0 : 1);"],
    "perl HTTP::Tiny": ["perl", "-MIO::Socket::SSL", "-e", "1"],
    "perl LWP": ["perl", "-MLWP::Protocol::https", "-e", "1"],
}

# What a clock is: at each line of its input the program prints its time in seconds. At the end it
# sleeps a tenth of a second in its own way, and prints "slept".
CLOCKS = {
    "date": ["sh", "-c", "while read x; do date +%s; done; sleep 0.1; echo slept"],
    "node": ["node", "-e", """
require('readline').createInterface(process.stdin).on('line', () => console.log(Date.now() / 1000))
    .on('close', () => setTimeout(() => console.log('slept'), 100))"""],
    "python3": ["python3", "-uc", """
import sys, threading, time
for line in sys.stdin: print(time.time())
time.sleep(0.1)
c = threading.Condition()
with c: c.wait(0.1)
print("slept")"""],
    "java": ["java", "Clock.java"],
    "php": ["php", "-r", """
while (fgets(STDIN)) echo microtime(true), " ", time(), "\\n";
usleep(100000); echo "slept\\n";"""],
    "ruby": ["ruby", "-e", """
$stdout.sync = true
while gets do puts Time.now.to_f end
sleep 0.1
q = Queue.new; Thread.new { sleep 0.1; q << 1 }; q.pop
puts "slept" """],
    "perl": ["perl", "-MTime::HiRes", "-e", """
$| = 1; while (<STDIN>) { print Time::HiRes::time(), " ", time, "\\n" }
select(undef, undef, undef, 0.1); print "slept\\n" """],
}

JAVA = {
    "Call.java": f"""
import java.net.URI;
import java.net.http.*;
public class Call {{
    public static void main(String[] a) throws Exception {{
        var request = HttpRequest.newBuilder(URI.create("{API}")).build();
        System.out.println(HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    }}
}}""",
    "OldCall.java": f"""
import java.net.*;
public class OldCall {{
    public static void main(String[] a) throws Exception {{
        System.out.println(((HttpURLConnection) new URL("{API}").openConnection()).getResponseCode());
    }}
}}""",
    "Clock.java": """
import java.io.*;
public class Clock {
    public static void main(String[] a) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in));
        while (in.readLine() != null)
            System.out.println(System.currentTimeMillis() / 1000.0 + " "
                + java.time.Instant.now().getEpochSecond());
        Thread.sleep(100);
        synchronized (in) { in.wait(100); }
        System.out.println("slept");
    }
}""",
}

GO = f"""
package main

import (
	"fmt"
	"net/http"
	"time"
)

func main() {{
	answer, err := http.Get("{API}")
	if err != nil {{
		panic(err)
	}}
	fmt.Println(answer.StatusCode, time.Now().Unix())
}}
"""


def missing(name, words):
    """Why this machine has no such runtime, or None."""
    if not shutil.which(words[0]):
        return f"no {words[0]} on this machine"
    parts = PARTS.get(name)
    if parts and subprocess.run(parts, capture_output=True, env=environment()).returncode:
        return f"no {name} on this machine"
    return None


class Runtime(Case):
    def setUp(self):
        super().setUp()
        for name, text in JAVA.items():
            (self.folder / name).write_text(text)

    def each(self, table, check):
        """Check all of them, and say at the end which this machine does not have."""
        skipped = []
        for name, words in table.items():
            why = missing(name, words)
            if why:
                skipped.append(why)
                continue
            with self.subTest(name):
                check(words)
        if skipped:
            print("left out:", "; ".join(skipped), file=sys.stderr)

    def reach(self, words):
        done = subprocess.run([FAKEWIX, "run", "--route", "preload", "--", *words], text=True,
                              cwd=self.folder, env=environment(), capture_output=True, timeout=60 * PATIENCE)
        self.assertEqual(done.stdout.strip(), "401", done.stderr)

    def test_reaches_the_fake_by_preload(self):
        self.each(CALLS, self.reach)

    def probe(self, words, *options):
        """The clock's answers: at first, after a move ahead by five hours, after one back by two."""
        process = subprocess.Popen(
            [FAKEWIX, "run", "--follow-clock", *options, "--", "sh", "-c",
             'echo "$FAKEWIX_CONTROL"; exec "$@"', "sh", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=self.folder, env=environment())
        control = process.stdout.readline().strip()
        times = []
        for seconds in 0, 18000, -7200:
            request = urllib.request.Request(
                f"{control}/clock/advance", json.dumps({"seconds": seconds}).encode(),
                {"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=10 * PATIENCE).read()
            process.stdin.write("\n")
            process.stdin.flush()
            times.append([float(word) for word in process.stdout.readline().split()])
        rest = process.communicate(timeout=30 * PATIENCE)[0]
        self.assertEqual((rest, process.returncode), ("slept\n", 0))
        return times

    def follow(self, words):
        first, ahead, back = self.probe(words)
        self.assertTrue(first)
        for i, _ in enumerate(first):
            self.assertAlmostEqual(ahead[i] - first[i], 18000, delta=30)
            self.assertAlmostEqual(back[i] - first[i], 10800, delta=30)

    def test_follows_the_fakes_clock_and_still_sleeps(self):
        self.each(CLOCKS, self.follow)

    def test_starts_with_the_fakes_clock(self):
        first, _, _ = self.probe(CLOCKS["date"], "--clock", "2030-01-01T00:00:00Z")
        self.assertAlmostEqual(first[0], 1893456000, delta=30)

    @unittest.skipUnless(shutil.which("curl"), "no curl on this machine")
    def test_of_curl_follows_as_its_cookies_show(self):
        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Set-Cookie", "a=b; Max-Age=3600")
                self.end_headers()

            def log_message(self, *_):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        jar = self.folder / "jar"
        subprocess.run([FAKEWIX, "run", "--follow-clock", "--clock", "2030-01-01T00:00:00Z", "--",
                        "curl", "-sS", "-c", jar, f"http://127.0.0.1:{server.server_port}/"],
                       env=environment(), check=True, timeout=60 * PATIENCE)
        expires = int(jar.read_text().splitlines()[-1].split("\t")[4])
        self.assertAlmostEqual(expires, 1893456000 + 3600, delta=30)

    @unittest.skipUnless(shutil.which("go"), "no go on this machine")
    def test_of_go_reaches_the_fake_without_the_c_library_and_keeps_its_clock(self):
        (self.folder / "call.go").write_text(GO)
        settings = {**environment(), "GOCACHE": str(BIN.parent.parent / "go"), "CGO_ENABLED": "0",
                    "GO111MODULE": "off", "GOPATH": str(self.folder / "path"), "GOFLAGS": ""}
        subprocess.run(["go", "build", "call.go"], cwd=self.folder, env=settings, check=True)
        refused = subprocess.run([FAKEWIX, "run", "--route", "preload", "--", self.folder / "call"],
                                 env=environment(), text=True, capture_output=True, timeout=60 * PATIENCE)
        self.assertIn("is a Go program, which calls the system by itself", refused.stderr)
        for route in "namespace", "proxy":
            with self.subTest(route):
                done = subprocess.run(
                    [FAKEWIX, "run", "--route", route, "--follow-clock", "--clock",
                     "2030-01-01T00:00:00Z", "--", self.folder / "call"],
                    env=environment(), text=True, capture_output=True, timeout=60 * PATIENCE)
                if done.returncode == 2 and "does not fit" in done.stderr:
                    continue
                status, now = done.stdout.split()
                self.assertEqual(status, "401", done.stderr)
                self.assertLess(int(now), 1893456000 - 30)

    def test_that_is_static_keeps_its_clock_and_is_told_so(self):
        compiler = shutil.which("cc")
        source = '#include <stdio.h>\n#include <time.h>\nint main(void) { printf("%ld", time(0)); }'
        clock = self.folder / "clock"
        if not compiler or subprocess.run([compiler, "-static", "-x", "c", "-", "-o", clock],
                                          input=source, text=True,
                                          capture_output=True).returncode:
            self.skipTest("no compiler, or no static C library, on this machine")
        done = subprocess.run([FAKEWIX, "run", "--follow-clock", "--clock", "2030-01-01T00:00:00Z",
                               "--", clock], env=environment(), text=True, capture_output=True,
                              timeout=60 * PATIENCE)
        self.assertLess(int(done.stdout), 1893456000 - 30)
        self.assertIn("--follow-clock has no effect", done.stderr)


NPM = BIN.parent.parent / "npm"
NO_SDK = None if (NPM / "node_modules/@wix/sdk").is_dir() and shutil.which("node") else \
    "scripts/setup --tests has not installed Wix's SDK"
HERE = pathlib.Path(__file__).parent


def node_takes_proxies():
    out = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    major, minor = (int(part) for part in out.strip().lstrip("v").split(".")[:2])
    return major >= 24 or (major == 22 and minor >= 21)


@unittest.skipIf(NO_SDK, NO_SDK)
class Sdk(Case):
    """Wix's own SDK as published: no loader, no patched fetch."""

    def setUp(self):
        super().setUp()
        # Beside its packages, where Node looks for them.
        self.program = NPM / f"{self.id()}.mjs"
        shutil.copy(HERE / "sdk.mjs", self.program)
        self.addCleanup(self.program.unlink)

    def run_sdk(self, *options, mode="all"):
        key = HERE.parents[2] / "fixtures" / "keys" / "webhook-public.pem"
        return subprocess.run([FAKEWIX, "run", *options, "--", "node", self.program, mode, key],
                              env=environment(), text=True, capture_output=True, timeout=60 * PATIENCE)

    def by(self, route):
        done = self.run_sdk("--follow-clock", "--route", route)
        if done.returncode == 2 and "does not fit" in done.stderr:
            self.skipTest(done.stderr.strip())
        self.assertEqual(done.stdout.split(), ["installed", "called", "refreshed", "heard"],
                         done.stderr)

    def test_installs_calls_refreshes_and_hears_by_preload(self):
        self.by("preload")

    def test_installs_calls_refreshes_and_hears_by_namespace(self):
        self.by("namespace")

    def test_installs_calls_refreshes_and_hears_by_proxy(self):
        if not node_takes_proxies():
            self.skipTest("this Node takes no proxy from its environment (22.21 and 24 do)")
        self.by("proxy")

    def test_refuses_each_bad_certificate(self):
        codes = {"unknown-ca": "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "expired": "CERT_HAS_EXPIRED",
                 "not-yet-valid": "CERT_NOT_YET_VALID", "wrong-host": "ERR_TLS_CERT_ALTNAME_INVALID",
                 "self-signed": "DEPTH_ZERO_SELF_SIGNED_CERT",
                 "old-protocol": "PROTOCOL"}
        for kind, code in codes.items():
            with self.subTest(kind):
                done = self.run_sdk("--tls-bad", kind, mode="call")
                self.assertIn(code, done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
