#!/usr/bin/env python3
"""What clients do to the judge: adapters that chatter, hang and lie, and programs that fight their
judge. It ends in bounded time, says what happened, and leaves no process behind.

usage: drivers_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
CONFORM = BIN / "fakewix-conform"
# Bounds of time are multiplied by this: instrumented programs are slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
REFERENCE = f"'{BIN}/fakewix-reference-client'"
MARK = f"fakewix-hostile-client-{os.getpid()}"  # another checkout may be tested beside this one


def judge(*arguments):
    """Run the judge; gives its result with the seconds it took."""
    started = time.monotonic()
    result = subprocess.run([CONFORM, "run", *arguments], capture_output=True, text=True,
                            errors="replace", timeout=120 * PATIENCE, check=False,
                            start_new_session=True)
    result.seconds = time.monotonic() - started
    return result


def left_over():
    """What does not go soon: one that was killed on a busy machine takes its time to be gone."""
    deadline = time.monotonic() + 10 * PATIENCE
    while (found := alive()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def alive():
    """Processes with the mark of this test in their command line."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if MARK.encode() in words and state != "Z" and int(entry.name) != os.getpid():
            found.append(words)
    return found


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def script(self, text, name=MARK):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text)
        return f"python3 '{path}'"


ADAPTER = """
import json, subprocess, sys, time
inner = subprocess.Popen([%r, "--adapter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
def ask(line):
    inner.stdin.write(line); inner.stdin.flush()
    return inner.stdout.readline()
for line in sys.stdin:
    op = json.loads(line)["op"]
%s
"""


class Adapter(Folder):
    def wrap(self, body):
        body = "".join(f"    {line}\n" for line in body.splitlines())
        # The shell would keep stdout open where the adapter closes it.
        return "exec " + self.script(ADAPTER % (str(BIN / "fakewix-reference-client"), body))

    def test_the_reference_adapter_passes_what_exec_passes(self):
        result = judge("--adapter", REFERENCE + " --adapter", "--jobs", "4")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertNotIn("INCONCLUSIVE", result.stdout)

    def test_over_http(self):
        app = subprocess.Popen([BIN / "fakewix-reference-client", "--app"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
        try:
            url = app.stdout.readline().strip()
            result = judge("--adapter-url", url + "adapter", "--jobs", "4")
            self.assertEqual(result.returncode, 0, result.stdout)
        finally:
            app.kill()
            app.communicate()

    def test_nobody_at_the_url(self):
        result = judge("--adapter-url", "http://127.0.0.1:9/")
        self.assertEqual(result.returncode, 2)
        self.assertIn('gave no answer to "hello" at http://127.0.0.1:9/', result.stderr)

    def test_chatter_is_passed_over(self):
        command = self.wrap('print("debug:", op, flush=True)\nprint("{not json", flush=True)\n'
                            'sys.stdout.write(ask(line)); sys.stdout.flush()')
        result = judge("--adapter", command, "--only", "REF-0*")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_an_unflushed_answer_is_named(self):
        command = self.wrap('if op == "call": print("chatter", flush=True); time.sleep(100)\n'
                            'sys.stdout.write(ask(line)); sys.stdout.flush()')
        result = judge("--adapter", command, "--only", "ACQ-01", "--timeout", "2")
        self.assertEqual(result.returncode, 1)
        self.assertIn('gave no answer to "call" within 2 s: does it flush its stdout', result.stdout)
        self.assertIn("1 lines on its stdout were no answers", result.stdout)
        self.assertLess(result.seconds, 10 * PATIENCE)

    def test_an_answer_to_something_else_is_none(self):
        command = self.wrap('answer = json.loads(ask(line))\n'
                            'if op == "call": answer["id"] += 7\n'
                            'print(json.dumps(answer), flush=True)')
        result = judge("--adapter", command, "--only", "ACQ-01", "--timeout", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("1 lines on its stdout were no answers", result.stdout)

    def test_answers_out_of_order_find_their_requests(self):
        command = self.wrap('if op == "call": print(\'{"id":1,"ok":false}\', flush=True)\n'
                            'sys.stdout.write(ask(line)); sys.stdout.flush()')
        result = judge("--adapter", command, "--only", "ACQ-01")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_a_closed_stdout_is_named(self):
        command = self.wrap('if op == "call":\n    import os; os.close(1); time.sleep(100)\n'
                            'sys.stdout.write(ask(line)); sys.stdout.flush()')
        result = judge("--adapter", command, "--only", "ACQ-01", "--timeout", "30")
        self.assertEqual(result.returncode, 3)
        self.assertIn('closed its stdout, instead of answering "call"', result.stdout)
        self.assertLess(result.seconds, 10 * PATIENCE)

    def test_what_it_does_not_support_is_not_applicable(self):
        command = self.wrap('if op == "call": print(json.dumps({"id": json.loads(line)["id"],'
                            ' "unsupported": "no calls"}), flush=True)\n'
                            'else: sys.stdout.write(ask(line)); sys.stdout.flush()')
        result = judge("--adapter", command, "--only", "ACQ-01")
        self.assertEqual(result.returncode, 3)
        self.assertIn("no calls", result.stdout)

    def test_without_caps_custom_authentication_is_not_applicable(self):
        command = self.wrap('answer = json.loads(ask(line))\nif op == "hello": answer["caps"] = []\n'
                            'print(json.dumps(answer), flush=True)')
        result = judge("--adapter", command, "--only", "REF-04", "--only", "ACQ-01")
        self.assertIn("1 pass", result.stdout)
        self.assertEqual(result.returncode, 0)

    def test_it_must_say_hello(self):
        for command, sentence in (("exec true", "ended, or closed its stdout"),
                                  ("sleep 30", "within 1 s")):
            with self.subTest(command):
                result = judge("--adapter", command, "--timeout", "1")
                self.assertEqual(result.returncode, 2)
                self.assertIn(sentence, result.stderr)


# A web app as people write their first one: no state, and when it is done it sends the browser to
# Wix's own dashboard, which no fake has.
FIRST_APP = """
import http.server, json, os, urllib.parse, urllib.request
env = os.environ

class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        asked = {name: values[0] for name, values in urllib.parse.parse_qs(url.query).items()}
        if url.path == "/signup":
            query = {"token": asked["token"], "appId": env["WIX_APP_ID"],
                     "redirectUrl": f"http://127.0.0.1:{env['PORT']}/login"}
            to = f"{env['WIX_INSTALL_BASE']}/installer/install?{urllib.parse.urlencode(query)}"
        else:
            body = {"grant_type": "authorization_code", "client_id": env["WIX_APP_ID"],
                    "client_secret": env["WIX_APP_SECRET"], "code": asked["code"]}
            try:
                urllib.request.urlopen(urllib.request.Request(
                    env["WIX_AUTH_BASE"] + "/oauth/access", json.dumps(body).encode(),
                    {"Content-Type": "application/json"}))
            except OSError:
                return self.send_error(500)
            to = "https://manage.wix.invalid/dashboard"
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

http.server.ThreadingHTTPServer(("127.0.0.1", int(env["PORT"])), Pages).serve_forever()
"""


class App(Folder):
    APP = REFERENCE + " --app"
    PAGES = ("--app-url", "http://127.0.0.1:{port}/signup", "--trigger",
             "http://127.0.0.1:{port}/orders?instance={instance}")

    def test_an_app_that_is_started_for_each_scenario(self):
        result = judge("--command", self.APP, *self.PAGES, "--jobs", "4")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertNotIn("????", result.stdout)

    def test_a_first_app(self):
        result = judge("--command", self.script(FIRST_APP), *self.PAGES[:2], "--only", "INS-0*",
                       "--only", "COD-0*", "--jobs", "4", "--verbose")
        told = {line[6:12]: line for line in result.stdout.splitlines()
                if line[6:10] in ("COD-", "INS-")}
        for verdict, codes in (("pass", "COD-01 COD-03 INS-01 INS-02 INS-09"), ("WARN", "INS-03"),
                               ("n/a", "COD-02 COD-07 INS-04 INS-05 INS-06 INS-07 INS-08")):
            for code in codes.split():
                self.assertTrue(told[code].startswith(verdict), result.stdout)
        self.assertIn("it sends no state", told["INS-05"])
        self.assertIn("--trigger names no way", told["COD-02"])

    def test_a_command_as_trigger(self):
        result = judge("--command", self.APP, *self.PAGES[:2], "--trigger",
                       "curl -sf 'http://127.0.0.1:{port}/orders?instance={instance}&n={n}'",
                       "--only", "REF-0*")
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_an_app_that_is_running_is_installed_first(self):
        app_id, secret = "aaaaaaaa-1111-4222-8333-444444444444", "s3cret"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "http://127.0.0.1:%d" % free.getsockname()[1]
        app = subprocess.Popen(
            [BIN / "fakewix-reference-client", "--app"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "WIX_API_BASE": address, "WIX_AUTH_BASE": address,
                 "WIX_INSTALL_BASE": address, "WIX_APP_ID": app_id, "WIX_APP_SECRET": secret})
        try:
            url = app.stdout.readline().strip()
            result = judge("--app-url", url + "signup", "--trigger",
                           url + "orders?instance={instance}", "--app-id", app_id,
                           "--app-secret", secret, "--listen", address.removeprefix("http://"), "--verbose")
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertNotIn("????", result.stdout)
            self.assertIn("is about the flow client_credentials", result.stdout)
        finally:
            app.kill()
            app.communicate()

    def test_usage(self):
        for arguments, sentence in (
                (("--app-url", "http://x/"), "--app-id and --app-secret"),
                (("--app-url", "http://x/", "--app-id", "a", "--app-secret", "b"), "--listen"),
                (("--command", "x", "--adapter", "y"), "in one way"),
                (("--command", "x", "--flows", "wings"), "not \"wings\"")):
            with self.subTest(arguments):
                result = judge(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(sentence, result.stderr)

    def test_an_app_that_does_not_listen(self):
        for command, sentence in (("exit 3", "did not listen on port"),
                                  ("sleep 100", "did not listen on port")):
            with self.subTest(command):
                result = judge("--command", command, *self.PAGES, "--only", "REF-15",
                               "--timeout", "1")
                self.assertIn(sentence, result.stdout)
                self.assertLess(result.seconds, 10 * PATIENCE)

    def test_without_a_trigger_calls_are_not_applicable(self):
        result = judge("--command", self.APP, *self.PAGES[:2], "--only", "REF-01")
        self.assertEqual(result.returncode, 3)
        self.assertIn("--trigger names no way", result.stdout)


class Unmodified(Folder):
    def test_every_driver_with_hard_coded_hosts(self):
        for arguments in (("--command", REFERENCE), ("--adapter", REFERENCE + " --adapter"),
                          ("--command", App.APP, *App.PAGES)):
            with self.subTest(arguments):
                result = judge("--unmodified", *arguments, "--jobs", "4")
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_hosts_are_wixs_own(self):
        seen = pathlib.Path(self.folder.name) / "env"
        judge("--unmodified", "--command", f"env >'{seen}'; exec {REFERENCE}", "--only", "ACQ-01")
        env = seen.read_text()
        self.assertIn("WIX_API_BASE=https://www.wixapis.com\n", env)
        self.assertIn("WIX_INSTALL_BASE=https://www.wix.com\n", env)

    def test_what_leads_there_says_nothing_of_the_end(self):
        for words, status in ((("--command", "false", "--only", "ACQ-01"), 1),
                              (("--command", "true", "--flows", "client_credntials"), 2)):
            result = judge("--unmodified", *words)
            self.assertEqual(result.returncode, status, result.stdout + result.stderr)
            self.assertNotIn("fakewix run: the command ended", result.stderr)

    def test_other_credentials_than_the_scenarios_are_told(self):
        """A client with an app of its own in its code: what it asked for leads to no scenario's world."""
        client = """curl -s https://www.wixapis.com/oauth2/token -H 'Content-Type: application/json' -d '
            {"grant_type":"client_credentials","client_id":"my-own-app","client_secret":"hunter2"}'"""
        result = judge("--unmodified", "--command", client, "--only", "ACQ-01")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertRegex(result.stdout, "it made no request with this scenario's credentials, but meanwhile "
                         r'the fake got 1 that belongs to no scenario \(POST /oauth2/token of the app '
                         r'"my-own-app" -> 40\d [a-z-]+\): does it read WIX_APP_ID, ')
        self.assertNotIn("no request at all", result.stdout)
        self.assertNotIn("reached the fake\n", result.stdout)
        self.assertNotIn("hunter2", result.stdout.split("again ")[0])

    def test_a_base_cut_to_its_host_is_told(self):
        result = judge("--command", "curl -s ${WIX_API_BASE%/w/*}/conformance/probe; kill -ABRT $$",
                       "--only", "ACQ-01")
        self.assertIn("(GET /conformance/probe -> 401 api-token-missing): does it read WIX_APP_ID",
                      result.stdout)
        self.assertIn("It crashed: it was killed by signal 6", result.stdout)
        again = judge("--command", "exit 0", "--only", "ACQ-01")
        self.assertIn("it made no request at all", again.stdout)


class Clock(Folder):
    def test_a_client_that_does_not_go_by_its_clock_is_not_asked(self):
        result = judge("--command", REFERENCE + " --bug=expiry_ignored", "--only", "EXP-05",
                       "--only", "ACQ-01")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("does not count a token's life by the time of day", result.stdout)
        self.assertIn("because CLK-00 (clock/client-clock-moves) gave N/A", result.stdout)

    def test_a_clock_that_cannot_be_moved_leaves_the_run_incomplete(self):
        result = judge("--command", "env -u LD_PRELOAD " + REFERENCE, "--only", "EXP-05")
        self.assertEqual(result.returncode, 3, result.stdout)
        self.assertIn("nothing shows that its clock could be moved", result.stdout)
        self.assertIn("because CLK-00 (clock/client-clock-moves) gave INCONCLUSIVE", result.stdout)

    def test_a_path_that_a_loader_would_split(self):
        place = pathlib.Path(self.folder.name) / "with a space"
        for name in ("bin", "lib"):
            (place / name).mkdir(parents=True)
        for name in ("bin/fakewix", "bin/fakewix-conform", "lib/libfakewix-preload.so"):
            shutil.copy(BIN.parent / name, place / name)
        result = subprocess.run([place / "bin/fakewix-conform", "run", "--command", REFERENCE,
                                 "--only", "EXP-05"], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


# Each is a program that a scenario runs: what it does, and what the judge says of it.
HOSTILE = {
    "it hangs": ("import time; time.sleep(1000)", "gave no answer within 1 s"),
    "it ignores signals":
        ("import signal, time\n"
         "for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\n"
         "time.sleep(1000)", "gave no answer within 1 s"),
    "it forks and goes":
        ("import os, time\n"
         "for _ in range(20):\n    if os.fork() == 0: time.sleep(1000)", "no request reached the fake"),
    "its children make sessions of their own":
        ("import os, time\n"
         "for _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n"
         "        os.fork(); time.sleep(1000)\ntime.sleep(0.2)", "no request reached the fake"),
    "its children hide":
        ("import os, sys\nif os.fork() == 0:\n    os.setsid()\n"
         f"    os.execve(sys.executable, ['{MARK}', '-c', 'import time; time.sleep(1000)'], {{}})\n"
         "import time; time.sleep(0.2)", "no request reached the fake"),
    "it prints a gigabyte":
        ("import os\nblock = b'x' * (1 << 20)\n"
         "for _ in range(1024): os.write(1, block)", "no request reached the fake"),
    "it prints without end":
        ("import os\nwhile True: os.write(2, b'y' * 65536)", "gave no answer within 1 s"),
    "it closes its output":
        ("import os, time\nos.close(1); os.close(2); time.sleep(1000)", "gave no answer within 1 s"),
    "it kills its group":
        ("import os, signal\nos.killpg(0, signal.SIGKILL)", "killed by signal 9"),
    "it kills its parent's group":
        ("import os, signal\ntry: os.killpg(os.getpgid(os.getppid()), signal.SIGTERM)\n"
         "except ProcessLookupError: pass\nimport time; time.sleep(1000)", None),
    "it connects and says nothing":
        ("import os, socket, time, urllib.parse\n"
         "u = urllib.parse.urlsplit(os.environ['WIX_API_BASE'])\n"
         "s = [socket.create_connection((u.hostname, u.port)) for _ in range(20)]\ntime.sleep(1000)",
         "gave no answer within 1 s"),
    "it sends garbage":
        ("import os, socket, urllib.parse\n"
         "u = urllib.parse.urlsplit(os.environ['WIX_API_BASE'])\n"
         "s = socket.create_connection((u.hostname, u.port)); s.sendall(os.urandom(65536))\n",
         None),
    "it stops itself":
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "gave no answer within 1 s"),
    "its state folder is a maze":
        ("import os\nd = os.environ['CONFORM_STATE_DIR']\n"
         "for _ in range(60):\n    d += '/d' * 1; os.mkdir(d); open(d + '/f', 'w').close()\n"
         "os.symlink('/', d + '/root')", "no request reached the fake"),
}


class Hostile(Folder):
    def fight(self, body, *arguments):
        command = "exec " + self.script(body)
        result = judge("--command", command, "--only", "ACQ-01", "--timeout", "1", *arguments)
        self.assertLess(result.seconds, 15 * PATIENCE)
        self.assertEqual(left_over(), [])
        self.assertNotIn("Traceback", result.stderr)
        return result

    def test_each_of_them(self):
        for name, (body, sentence) in HOSTILE.items():
            with self.subTest(name):
                result = self.fight(body)
                self.assertIn(result.returncode, (0, 1, 3, 130), result.stdout)
                if sentence:
                    self.assertIn(sentence, result.stdout)

    def test_several_at_a_time(self):
        result = judge("--command", "exec " + self.script(HOSTILE["its children hide"][0]),
                       "--only", "ACQ-*", "--jobs", "4", "--timeout", "2")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(left_over(), [])

    def test_a_program_without_installs_is_not_blamed(self):
        for body in ("raise SystemExit(1)", "import os\nos.environ['WIX_INSTANCE_ID']", "pass"):
            with self.subTest(body):
                command = "exec " + self.script(body)
                result = judge("--command", command, "--only", "INS-0*", "--only", "COD-0*")
                self.assertNotIn("FAIL  ", result.stdout)
                self.assertIn("gave no URL of the installer", result.stdout)
                known = judge("--command", command, "--only", "INS-01", "--caps", "install")
                self.assertIn("the program printed no URL of the installer", known.stdout)
                self.assertEqual(known.returncode, 1)

    def test_an_install_that_never_says_where(self):
        scenario = {"code": "MINE-1", "title": "t", "requirement": "r", "why": "w", "source": "own",
                    "level": "MUST", "needs": ["install"], "given": {"flow": "install"},
                    "steps": ["install", "call"], "expect": {"client": "ok"}}
        own = pathlib.Path(self.folder.name) / "own/mine.json"
        own.parent.mkdir()
        own.write_text(json.dumps(scenario))
        for body, sentence in (("import time; time.sleep(1000)", "no URL of the installer"),
                               ("print('nothing'); raise SystemExit(77)", "exit 77"),
                               ("print('go to http://x/installer/install?appId=1', flush=True)\n"
                                "import time; time.sleep(1000)", "asked for no consent")):
            with self.subTest(sentence):
                result = judge("--command", "exec " + self.script(body), "--timeout", "1",
                               "--scenario-dir", str(own.parent.parent), "--only", "MINE-1")
                self.assertIn(sentence, result.stdout)
                self.assertLess(result.seconds, 10 * PATIENCE)
                self.assertEqual(left_over(), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
