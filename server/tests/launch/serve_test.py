#!/usr/bin/env python3
"""The program from outside: how it starts, where it listens, how it stops, how it fails.

usage: serve_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import http.client
import http.server
import json
import os
import pathlib
import queue
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
from fakes import (APP, Case, CONFIG, FAKEWIX, INSTANCE, PATIENCE, TOKEN_REQUEST, environment)  # noqa: E402

JSON = {"Content-Type": "application/json"}
LAZY_MS = 1000 * PATIENCE  # far more than a stop may take, for machines that are busy


def netloc(url):
    return urllib.parse.urlsplit(url).netloc


def status_at(address, path="/_fakewix/health"):
    connection = http.client.HTTPConnection(address, timeout=10 * PATIENCE)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def over_unix(path, request):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(request)
        return client.makefile("rb").read()


class Program(Case):
    def spawn(self, *options, **changes):
        """A fake; gives the process and its ready line."""
        process = subprocess.Popen([FAKEWIX, "serve", "--quiet", *options], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment(**changes))
        self.addCleanup(self.end, process)
        line = process.stdout.readline()
        self.assertTrue(line, "the fake did not start")
        return process, json.loads(line)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def stop(self, process, which=signal.SIGTERM):
        """Signal it; gives how long it took, in ms. What it says on stderr is in `said`."""
        began = time.monotonic()
        process.send_signal(which)
        _, self.said = process.communicate(timeout=20 * PATIENCE)
        took_ms = (time.monotonic() - began) * 1000
        self.assertEqual(process.returncode, 0, self.said)
        return took_ms

    def run_once(self, *arguments, **changes):
        return subprocess.run([FAKEWIX, *arguments], capture_output=True, text=True, timeout=20 * PATIENCE,
                              env=environment(**changes))

    def refused(self, *arguments, **changes):
        """It ends with 2 and one sentence; gives the sentence."""
        done = self.run_once(*arguments, **changes)
        self.assertEqual(done.returncode, 2, (arguments, done))
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("fakewix: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr


class Start(Program):
    def test_ready_line(self):
        process, ready = self.spawn("--listen", "localhost:0")
        self.assertEqual(list(ready), ["ready", "http", "https", "control", "ca", "pid"])
        self.assertIs(ready["ready"], True)
        self.assertEqual(ready["pid"], process.pid)
        self.assertEqual(ready["control"], ready["http"] + "/_fakewix")
        self.assertIsNone(ready["https"])
        self.assertEqual(status_at(netloc(ready["http"])), 200)
        self.stop(process)
        self.assertEqual(process.stdout.read() if not process.stdout.closed else "", "")

    def test_port_file_has_the_same_line(self):
        path = self.folder / "port"
        _, ready = self.spawn("--listen", "localhost:0", "--port-file", str(path))
        self.assertEqual(json.loads(path.read_text()), ready)
        self.assertTrue(path.read_text().endswith("}\n"))

    def test_localhost_is_both_families_on_one_port(self):
        _, ready = self.spawn("--listen", "localhost:0")
        port = urllib.parse.urlsplit(ready["http"]).port
        self.assertEqual(status_at(f"127.0.0.1:{port}"), 200)
        self.assertEqual(status_at(f"[::1]:{port}"), 200)

    def test_bare_port_is_localhost(self):
        _, ready = self.spawn("--listen", "0")
        port = urllib.parse.urlsplit(ready["http"]).port
        self.assertEqual(status_at(f"127.0.0.1:{port}"), 200)
        self.assertEqual(status_at(f"[::1]:{port}"), 200)
        self.assertEqual(self.run_once("health", str(port)).returncode, 0)
        self.assertIn(f"listen on {port}: another program", self.refused("--listen", str(port)))

    def test_literal_address_is_itself_alone(self):
        for address, other in (("127.0.0.1", "::1"), ("[::1]", "127.0.0.1")):
            _, ready = self.spawn("--listen", f"{address}:0")
            port = urllib.parse.urlsplit(ready["http"]).port
            self.assertEqual(netloc(ready["http"]), f"{address}:{port}")
            self.assertEqual(status_at(f"{address}:{port}"), 200)
            with self.assertRaises(OSError):
                socket.create_connection((other, port), timeout=5 * PATIENCE)

    def test_several_addresses(self):
        _, ready = self.spawn("--listen", "127.0.0.1:0", "--listen", f"unix:{self.folder}/s")
        self.assertEqual(status_at(netloc(ready["http"])), 200)
        answer = over_unix(f"{self.folder}/s", b"GET /_fakewix/health HTTP/1.1\r\nHost: x\r\n"
                                               b"Connection: close\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)

    def test_unix_socket(self):
        path = self.folder / "socket"
        process, ready = self.spawn("--listen", f"unix:{path}")
        self.assertEqual(ready["http"], f"unix:{path}")
        answer = over_unix(str(path), b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: "
                           b"%d\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n%s"
                           % (len(TOKEN_REQUEST), TOKEN_REQUEST.encode()))
        self.assertIn(b"OauthNG.JWS.", answer)
        self.assertEqual(self.run_once("health", f"unix:{path}").returncode, 0)
        self.stop(process)
        self.assertFalse(path.exists())

    def test_unix_socket_of_a_dead_fake_is_taken_over(self):
        path = self.folder / "socket"
        process, _ = self.spawn("--listen", f"unix:{path}")
        process.kill()
        process.wait()
        self.assertTrue(path.exists())
        self.spawn("--listen", f"unix:{path}")
        self.assertIn("another program listens there",
                      self.refused("serve", "--listen", f"unix:{path}"))

    def test_environment_is_read(self):
        _, ready = self.spawn(FAKEWIX_LISTEN="127.0.0.1:0")
        self.assertTrue(ready["http"].startswith("http://127.0.0.1:"))

    def test_block_to_paste(self):
        process = subprocess.Popen([FAKEWIX, "serve", "--listen", "localhost:0"], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment())
        self.addCleanup(self.end, process)
        url = json.loads(process.stdout.readline())["http"]
        self.stop(process)
        for part in (APP["app_id"], APP["app_secret"], INSTANCE["instance_id"],
                     f"curl {url}/oauth2/token"):
            self.assertIn(part, self.said)

    def test_default_command_is_serve(self):
        process = subprocess.Popen([FAKEWIX, "--listen", "localhost:0", "--quiet"],
                                   stdout=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(self.end, process)
        self.assertIn('"ready":true', process.stdout.readline())


class Stop(Program):
    def test_both_signals_end_it_with_0_and_soon(self):
        for which in (signal.SIGTERM, signal.SIGINT):
            times = []
            for _ in range(5):
                process, ready = self.spawn("--listen", "localhost:0")
                status_at(netloc(ready["http"]))
                times.append(self.stop(process, which))
            self.assertLess(statistics.median(times), LAZY_MS / 4, times)

    def test_idle_connections_do_not_hold_it_up(self):
        process, ready = self.spawn("--listen", "localhost:0")
        connections = [http.client.HTTPConnection(netloc(ready["http"])) for _ in range(10)]
        for connection in connections:
            connection.request("GET", "/_fakewix/health")
            connection.getresponse().read()
        silent = socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(ready["http"]).port))
        self.assertLess(self.stop(process), LAZY_MS)
        silent.close()
        for connection in connections:
            connection.close()

    def test_signal_while_it_starts(self):
        """However early the signal comes, the end is an orderly one."""
        for delay_ms in (0, 1, 2, 4, 8):
            process = subprocess.Popen([FAKEWIX, "serve", "--quiet", "--listen", "localhost:0"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=environment())
            self.addCleanup(self.end, process)
            time.sleep(delay_ms / 1000)
            process.terminate()
            process.communicate(timeout=20 * PATIENCE)
            self.assertIn(process.returncode, (0, -signal.SIGTERM))

    def test_answer_under_way_is_finished(self):
        process, ready = self.spawn("--listen", "127.0.0.1:0")
        connection = http.client.HTTPConnection(netloc(ready["http"]), timeout=20 * PATIENCE)
        connection.request("POST", "/_fakewix/faults", json.dumps(
            {"do": {"fault": "delay", "ms": 300}}), JSON)
        self.assertEqual(connection.getresponse().status, 201)
        seen = []

        def ask():
            late = http.client.HTTPConnection(netloc(ready["http"]), timeout=20 * PATIENCE)
            late.request("POST", "/oauth2/token", TOKEN_REQUEST, JSON)
            seen.append(late.getresponse().read())
        asker = threading.Thread(target=ask)
        asker.start()
        while True:  # until the request is in the journal, and so under way
            connection = http.client.HTTPConnection(netloc(ready["http"]), timeout=20 * PATIENCE)
            connection.request("GET", "/_fakewix/journal?wait_ms=5000")
            if json.loads(connection.getresponse().read())["entries"]:
                break
        self.stop(process)
        asker.join()
        self.assertIn(b"access_token", seen[0])

    def test_long_poll_ends_with_the_fake(self):
        process, ready = self.spawn("--listen", "127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(ready["http"]).port)) as c:
            c.sendall(b"GET /_fakewix/journal?wait_ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            status_at(netloc(ready["http"]))
            self.assertLess(self.stop(process), LAZY_MS)

    def test_it_ends_with_its_starter(self):
        script = ("import subprocess, sys, time; fake = subprocess.Popen(sys.argv[1:], "
                  "stdin=subprocess.PIPE, stdout=sys.stdout); time.sleep(600)")
        command = [FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0", "--stop-with-stdin"]
        starter = subprocess.Popen([sys.executable, "-c", script, *command], text=True,
                                   stdout=subprocess.PIPE, env=environment())
        ready = json.loads(starter.stdout.readline())
        self.assertEqual(status_at(netloc(ready["http"])), 200)
        starter.kill()  # nothing of it gets to run any more
        starter.wait()
        with starter.stdout:
            self.assertEqual(starter.stdout.read(), "")  # the fake held the other end of this
        with self.assertRaises(ConnectionError):
            status_at(netloc(ready["http"]))

    def test_what_is_said_on_stdin_does_not_matter(self):
        command = [FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0", "--stop-with-stdin"]
        with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=environment()) as process:
            ready = json.loads(process.stdout.readline())
            process.stdin.write("x" * 1000)
            process.stdin.flush()
            self.assertEqual(status_at(netloc(ready["http"])), 200)
        self.assertEqual(process.returncode, 0)

    def test_port_is_free_at_once(self):
        process, ready = self.spawn("--listen", "127.0.0.1:0")
        status_at(netloc(ready["http"]))
        self.stop(process)
        self.spawn("--listen", netloc(ready["http"]))


class App(http.server.BaseHTTPRequestHandler):
    """Takes every webhook but the first one."""

    def do_POST(self):
        bodies = self.server.bodies
        bodies.put(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen += 1
        self.send_response(500 if self.server.seen == 1 else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Restart(Program):
    def test_webhook_that_waits_comes_after_a_kill(self):
        app = http.server.HTTPServer(("127.0.0.1", 0), App)
        app.bodies, app.seen = queue.Queue(), 0
        threading.Thread(target=app.serve_forever).start()
        self.addCleanup(app.server_close)
        self.addCleanup(app.shutdown)
        options = ("--state", str(self.folder / "state"), "--listen", "127.0.0.1:0")
        process, ready = self.spawn(*options)

        def ask(method, path, body):
            connection = http.client.HTTPConnection(netloc(ready["http"]), timeout=20)
            connection.request(method, "/_fakewix" + path, json.dumps(body), JSON)
            answer = json.loads(connection.getresponse().read())
            connection.close()
            return answer
        sent = ask("POST", "/events", {"event_type": "AppInstalled", "delivery": {"wait_ms": 5000},
                                       "url": f"http://127.0.0.1:{app.server_port}/"})
        first = app.bodies.get(timeout=20)
        self.assertEqual(sent["events"][0]["state"], "retrying")
        ask("PUT", "/clock", {"now_ms": sent["events"][0]["due_ms"] - 500})
        process.kill()
        process.wait()
        self.spawn(*options)
        self.assertEqual(app.bodies.get(timeout=20), first)  # nobody asked the new process

    def test_port_of_a_world_goes_with_the_process_and_the_world_stays(self):
        options = ("--state", str(self.folder / "state"), "--listen", "127.0.0.1:0")
        process, ready = self.spawn(*options)

        def ask(base, method, path, body=None):
            connection = http.client.HTTPConnection(netloc(base), timeout=20)
            connection.request(method, path, body and json.dumps(body), JSON)
            status = (answer := connection.getresponse()).status
            text = answer.read()
            connection.close()
            return status, text
        made = json.loads(ask(ready["http"], "POST", "/_fakewix/worlds", {"world": "b", "listener": True})[1])
        self.assertEqual(ask(made["http"], "GET", "/conformance/probe")[0], 401)
        process.terminate()
        process.wait()
        _, again = self.spawn(*options)
        with self.assertRaises(ConnectionRefusedError):
            ask(made["http"], "GET", "/conformance/probe")
        self.assertEqual(ask(again["http"], "GET", "/w/b/conformance/probe")[0], 401)


class Mistakes(Program):
    def test_port_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            sentence = self.refused("serve", "--listen", address)
            self.assertIn(address, sentence)
            self.assertIn("localhost:0 takes any free one", sentence)

    def test_sentences(self):
        wrong = self.folder / "wrong.json"
        wrong.write_text('{"apps":[{"app_id":"a","app_secrt":"s"}]}')
        cases = [
            (["serve", "--nonsense"], "--nonsense is not known"),
            (["serve", "--workers", "0"], "--workers takes a whole number from 1 to 2048"),
            (["serve", "--listen", "nowhere:1"], "the host is localhost"),
            (["serve", "--listen", "localhost"], "write a port, HOST:PORT or unix:PATH"),
            (["serve", "--listen", "localhost:65536"], "write a port, HOST:PORT or unix:PATH"),
            (["serve", "--listen", "0.0.0.0:0"], "--control-token"),
            (["serve", "--listen", "[::]:0"], "--control-token"),
            (["serve", "--clock", "noon"], "--clock takes a time such as 2030-01-01T00:00:00Z"),
            (["serve", "--config", "/nowhere.json"], "/nowhere.json: cannot be read"),
            (["serve", "--config", str(wrong)],
             f'{wrong}: apps[0].app_secrt: this key is not known; did you mean "app_secret"?'),
            (["serve", "--config", str(CONFIG), "--config", str(CONFIG)],
             "is the id of apps[0] already"),
            (["serve", "--listen", "localhost:0", "--port-file", "/nowhere/port"],
             "--port-file /nowhere/port cannot be written"),
            (["dance"], '"dance" is no command; `fakewix help` lists them'),
            (["tabels"], '"tabels" is no command; did you mean "tables"?'),
            (["serve", "--listne", "x"], 'did you mean "--listen"? `fakewix serve --help`'),
            (["ca", "--ca-dri", "x"], 'did you mean "--ca-dir"? `fakewix ca --help`'),
            (["run", "--rout", "proxy", "--", "true"],
             'did you mean "--route"? `fakewix run --help`'),
            (["tables"], "usage: fakewix tables"),
            (["tables", "chairs"], "the table chairs is not known; known here: routes refusals"),
            (["tables", "fault"], 'the table fault is not known; did you mean "faults"?'),
            (["tables", "faults", "--yaml"], "usage: fakewix tables"),
            (["validate"], "usage: fakewix validate"),
        ]
        for arguments, part in cases:
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.refused(*arguments))

    def test_mistake_in_the_environment(self):
        self.assertIn("FAKEWIX_SEED takes a whole number",
                      self.refused("serve", FAKEWIX_SEED="much"))

    def test_public_address_with_a_token(self):
        _, ready = self.spawn("--listen", "0.0.0.0:0", "--control-token", "t")
        self.assertEqual(status_at(netloc(ready["http"])), 401)
        self.assertEqual(self.run_once("health", ready["http"]).returncode, 0)


class Commands(Program):
    def test_health(self):
        _, ready = self.spawn("--listen", "localhost:0")
        done = self.run_once("health", ready["http"])
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        for form in (netloc(ready["http"]), ready["http"] + "/", ready["control"]):
            self.assertEqual(self.run_once("health", form).returncode, 0, form)
        self.assertEqual(self.run_once("health", FAKEWIX_LISTEN=netloc(ready["http"])).returncode, 0)

    def test_health_of_nothing(self):
        file = self.folder / "file"
        file.write_text("no socket")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
            cases = [(f"127.0.0.1:{port}", f"nothing listens at 127.0.0.1:{port};"),
                     (str(port), f"nothing listens at {port};"),
                     (f"http://localhost:{port}/", f"nothing listens at http://localhost:{port}/;"),
                     ("unix:/nowhere/socket", "nothing listens at unix:/nowhere/socket;"),
                     (f"unix:{file}", "nothing listens at unix:"),
                     ("unix:" + "x" * 200, "too long for the path of a socket"),
                     ("localhost", '"localhost" is no address: write a port, HOST:PORT'),
                     ("localhost:http", "is no address"), ("0", "is no address"),
                     ("[::1", "is no address"),
                     ("nowhere.invalid:80", 'there is no host "nowhere.invalid"'),
                     (f"https://localhost:{port}", "ask at the fake's http address")]
            for address, sentence in cases:
                with self.subTest(address):
                    done = self.run_once("health", address)
                    self.assertEqual((done.returncode, done.stdout), (1, ""))
                    self.assertIn(sentence, done.stderr)
                    self.assertNotIn("Success", done.stderr)
        self.assertIn("usage: fakewix health [ADDRESS]", self.refused("health", "a", "b"))

    def test_health_of_who_says_nothing(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            done = self.run_once("health", str(silent.getsockname()[1]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("says nothing within 5 seconds", done.stderr)

    def test_health_of_something_else(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()

            def answer():
                client, _ = other.accept()
                client.recv(1000)
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                client.close()
            thread = threading.Thread(target=answer)
            thread.start()
            done = self.run_once("health", "127.0.0.1:%d" % other.getsockname()[1])
            thread.join()
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not a fakewix", done.stderr)

    def test_tables(self):
        for name in ("routes", "refusals", "faults", "grants", "config"):
            rows = json.loads(self.run_once("tables", name, "--json").stdout)
            text = self.run_once("tables", name).stdout
            self.assertGreater(len(rows), 2)
            first = next(value for value in rows[0].values() if isinstance(value, str))
            self.assertIn(first, text)

    def test_validate(self):
        two = CONFIG.parent / "two-apps.json"
        done = self.run_once("validate", str(CONFIG), str(two))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        wrong = self.folder / "wrong.json"
        wrong.write_text('{"app":[],"sites":[{}],"lifetimes":{"code_s":0}}')
        done = self.run_once("validate", str(CONFIG), str(wrong))
        self.assertEqual(done.returncode, 2)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 3, lines)
        for line in lines:
            self.assertTrue(line.startswith(f"{wrong}: "), line)

    def test_version_and_help(self):
        for arguments in (["version"], ["--version"]):
            self.assertRegex(self.run_once(*arguments).stdout, r"^fakewix \d+\.\d+\.\d+\n$")
        for arguments in (["help"], ["--help"], ["serve", "--help"], ["-h"]):
            done = self.run_once(*arguments)
            self.assertEqual(done.returncode, 0)
            self.assertIn("--listen ADDR", done.stdout)
            self.assertIn("FAKEWIX_LISTEN", done.stdout)

    def test_help_of_one_command_is_its_own(self):
        cases = {"serve": ("usage: fakewix serve [OPTIONS]", "--listen ADDR"),
                 "run": ("usage: fakewix run [--route KIND]", "--follow-clock", "--listen ADDR"),
                 "ca": ("usage: fakewix ca [--dir DIR]", "--ca-cert FILE"),
                 "health": ("usage: fakewix health [ADDRESS]", "$FAKEWIX_LISTEN"),
                 "tables": ("usage: fakewix tables routes|refusals|",),
                 "validate": ("usage: fakewix validate FILE…",),
                 "version": ("usage: fakewix version\n",), "help": ("usage: fakewix help [COMMAND]",)}
        for name, parts in cases.items():
            done = self.run_once(name, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, self.run_once("help", name).stdout)
            for part in parts:
                self.assertIn(part, done.stdout)
            self.assertEqual("--listen ADDR" in done.stdout, name in ("serve", "run"), name)
        self.assertIn('did you mean "validate"?', self.refused("help", "validat"))
        self.assertIn('did you mean "serve"?', self.refused("serv", "--help"))
        done = self.run_once("run", "--route", "none", "--", "sh", "-c", "echo $1", "sh", "--help")
        self.assertEqual((done.returncode, done.stdout), (0, "--help\n"), done.stderr)

    def test_readings_are_on_one_clock(self):
        _, ready = self.spawn("--listen", "localhost:0", "--clock", "2030-01-01T00:00:00Z!")
        connection = http.client.HTTPConnection(netloc(ready["http"]))
        connection.request("GET", "/_fakewix/clock")
        self.assertEqual(json.loads(connection.getresponse().read()), {
            "now": "2030-01-01T00:00:00.000Z", "now_ms": 1893456000000, "mode": "frozen",
            "rate": 1})


if __name__ == "__main__":
    unittest.main()
