#!/usr/bin/env python3
"""Every limit, reached: what is past it has a clear answer, and what is within it goes on.

usage: limits_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import contextlib
import http.client
import json
import select
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
from fakes import Case, FAKEWIX, PATIENCE, TOKEN_REQUEST, environment  # noqa: E402

JSON = {"Content-Type": "application/json"}
HEAD_MAX, HEADERS_MAX, DEPTH_MAX, TOKEN_MAX = 32768, 64, 64, 8192


class Limits(Case):
    def serve(self, *options):
        self.url = urllib.parse.urlsplit(self.start("--listen", "127.0.0.1:0", *options)["http"])

    def ask(self, method, path, body=None, headers=None, timeout=10 * PATIENCE):
        """Status, JSON (or text) and headers of one exchange on a connection of its own."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            connection.request(method, path, body, JSON if headers is None else headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            try:
                return answer.status, json.loads(text), dict(answer.getheaders())
            except ValueError:
                return answer.status, text, dict(answer.getheaders())
        finally:
            connection.close()

    def control(self, method, path, body=None):
        status, answer, _ = self.ask(method, "/_fakewix" + path, body)
        return status, answer

    def assert_serves(self):
        self.assertEqual(self.ask("POST", "/oauth2/token", TOKEN_REQUEST)[0], 200)

    def test_body(self):
        self.serve("--max-body", "4096")
        self.assertEqual(self.ask("POST", "/oauth2/token", TOKEN_REQUEST.ljust(4096))[0], 200)
        status, answer, headers = self.ask("POST", "/oauth2/token", TOKEN_REQUEST.ljust(4097))
        self.assertEqual((status, headers["Connection"]), (413, "close"))
        self.assertIn("message", answer)
        # Chunks add up to no more than a length says.
        chunks = (b"x" * 512 for _ in range(64))
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=10 * PATIENCE)
        connection.request("POST", "/oauth2/token", chunks, JSON, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()
        # The control plane's bodies too: a snapshot may need a larger limit.
        self.assertEqual(self.control("PUT", "/snapshot", {"x": "y" * 5000})[0], 413)
        self.assert_serves()

    def test_head(self):
        self.serve()
        frame = len(f"GET /conformance/probe HTTP/1.1\r\nHost: {self.url.netloc}\r\n"
                    "Accept-Encoding: identity\r\nX-Long: \r\n\r\n")
        for size, status in [(HEAD_MAX - frame - 64, 401), (HEAD_MAX, 431)]:
            answer = self.ask("GET", "/conformance/probe", headers={"X-Long": "x" * size})
            self.assertEqual(answer[0], status, size)
        self.assertEqual(self.ask("GET", "/" + "x" * HEAD_MAX, headers={})[0], 431)
        self.assert_serves()

    def test_headers(self):
        self.serve()
        for n, status in [(HEADERS_MAX - 2, 401), (HEADERS_MAX + 1, 431)]:
            headers = {f"X-{i}": "1" for i in range(n)}
            self.assertEqual(self.ask("GET", "/conformance/probe", headers=headers)[0], status, n)
        self.assert_serves()

    def test_json_depth(self):
        self.serve()
        for depth, status in [(DEPTH_MAX - 1, 200), (DEPTH_MAX + 1, 400)]:
            body = TOKEN_REQUEST[:-1] + ',"deep":' + "[" * depth + "]" * depth + "}"
            self.assertEqual(self.ask("POST", "/oauth2/token", body)[0], status, depth)
        self.assertEqual(self.ask("POST", "/oauth2/token", "[" * 100000)[0], 400)

    def test_token(self):
        self.serve()
        for size in [TOKEN_MAX, TOKEN_MAX + 1, 3 * TOKEN_MAX]:
            headers = {"Authorization": "OauthNG.JWS." + "x" * size}
            self.assertEqual(self.ask("GET", "/apps/v1/instance", headers=headers)[0], 401)
        self.assert_serves()

    def test_connections(self):
        """More clients than threads: each waits for its turn, and has it."""
        self.serve("--workers", "3")
        wait = "/_fakewix/journal?wait_ms=20000&count=1"
        answers = []
        waiting = [threading.Thread(target=lambda: answers.append(self.ask("GET", wait, timeout=30 * PATIENCE)[0]))
                   for _ in range(2)]
        for thread in waiting:
            thread.start()
        # One thread is left for these, who come together.
        asking = [threading.Thread(target=lambda: answers.append(
            self.ask("GET", "/_fakewix/health", timeout=30 * PATIENCE)[0])) for _ in range(40)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        self.assertEqual(answers, [200] * 40)
        self.assert_serves()  # which is what the others wait for
        for thread in waiting:
            thread.join()
        self.assertEqual(answers, [200] * 42)

    def test_idle_connections_end(self):
        self.serve("--idle-ms", "100")
        with socket.create_connection((self.url.hostname, self.url.port), timeout=10 * PATIENCE) as idle:
            idle.sendall(b"GET /_fakewix/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while idle.recv(65536):
                pass  # ends with the connection, or the test fails by its time-out

    def test_slow_requests_end(self):
        """Each has its limit for the whole: a byte that comes does not start it anew."""
        self.serve("--request-ms", "300")
        for first in (b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\nContent-Length: 5000\r\n\r\n",
                      b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\nX-A: "):
            with socket.create_connection((self.url.hostname, self.url.port)) as slow:
                slow.sendall(first)
                began = time.monotonic()
                while not select.select([slow], [], [], 0.05)[0]:
                    with contextlib.suppress(ConnectionError):  # it may end just now
                        slow.send(b"x")
                    self.assertLess(time.monotonic() - began, 10 * PATIENCE)
                self.assertEqual(slow.recv(4096)[9:12], b"408")
        self.assert_serves()

    def test_worlds(self):
        self.serve("--max-worlds", "5")
        for i in range(8):
            self.assertEqual(self.control("POST", "/worlds", {"world": f"w{i}"})[0], 201)
        _, answer = self.control("GET", "/worlds")
        self.assertEqual([world["world"] for world in answer["worlds"]],
                         ["default", "w3", "w4", "w5", "w6", "w7"])
        self.assertEqual(self.control("GET", "/worlds/w2/clock")[0], 404)
        self.assertEqual(self.ask("POST", "/w/w2/oauth2/token", TOKEN_REQUEST)[0], 404)
        self.assert_serves()

    def test_journal_entries(self):
        self.serve("--journal", "10")
        for _ in range(25):
            self.assert_serves()
        _, journal = self.control("GET", "/journal")
        self.assertEqual([entry["seq"] for entry in journal["entries"]], list(range(16, 26)))
        self.assertEqual((journal["dropped"], journal["next"]), (15, 26))

    def test_journal_bytes(self):
        self.serve("--journal-bytes", "65536")
        for i in range(40):
            self.ask("POST", "/oauth2/token", {"grant_type": "x" * 6000})
        _, journal = self.control("GET", "/journal")
        kept = sum(len(entry["request"]["body"]) for entry in journal["entries"])
        self.assertLessEqual(kept, 65536)
        self.assertGreater(journal["dropped"], 20)
        self.assertEqual(journal["dropped"] + len(journal["entries"]), 40)

    def test_journal_of_all_worlds(self):
        self.serve("--journal-total", "200000")
        worlds = ["quiet", "one", "two"]
        for world in worlds:
            self.assertEqual(self.control("POST", "/worlds", {"world": world})[0], 201)
        self.ask("POST", "/w/quiet/oauth2/token", {"grant_type": "quiet"})
        for i in range(60):
            self.ask("POST", f"/w/{worlds[1 + i % 2]}/oauth2/token", {"grant_type": "x" * 6000})
        journals = [self.control("GET", f"/worlds/{world}/journal")[1] for world in worlds]
        kept = sum(len(entry["request"]["body"])
                   for journal in journals for entry in journal["entries"])
        self.assertLessEqual(kept, 200000)
        self.assertGreater(kept, 100000)
        self.assertEqual(journals[0]["dropped"], 0)
        for journal in journals[1:]:
            self.assertGreater(journal["dropped"], 10)
            self.assertEqual(journal["dropped"] + len(journal["entries"]), 30)
            self.assertEqual(journal["entries"][-1]["seq"], 30)

    def test_holds(self):
        self.serve("--workers", "16", "--max-holds", "3")
        _, fault = self.control("POST", "/faults", {
            "on": {"route": "POST /oauth2/token"}, "times": -1, "do": {"fault": "hold"}})
        path = f"/faults/{fault['fault_id']}"
        answers = []
        held = [threading.Thread(target=lambda: answers.append(
            self.ask("POST", "/oauth2/token", TOKEN_REQUEST, timeout=30 * PATIENCE)[0])) for _ in range(3)]
        for thread in held:
            thread.start()
        _, state = self.control("GET", path + "?waiting=3&wait_ms=10000")
        self.assertEqual(state["waiting"], 3)
        status, answer, _ = self.ask("POST", "/oauth2/token", TOKEN_REQUEST)
        self.assertGreaterEqual(status, 429, answer)
        self.assertEqual(self.control("POST", path + "/release")[0] // 100, 2)
        for thread in held:
            thread.join()
        self.assertEqual(answers, [200] * 3)

    def test_limits_are_where_the_help_says(self):
        """A limit of 0 or beyond its range is a mistake of the command line, not no limit."""
        for option, value in [("--max-body", "0"), ("--workers", "0"), ("--max-worlds", "0"),
                              ("--journal", "0"), ("--journal-bytes", "1"),
                              ("--journal-total", "1"), ("--idle-ms", "1"), ("--request-ms", "1"),
                              ("--workers", "100000"), ("--max-body", "99999999999")]:
            done = subprocess.run([FAKEWIX, "serve", option, value], capture_output=True, text=True,
                                  timeout=10 * PATIENCE, env=environment())
            self.assertEqual(done.returncode, 2, option)
            self.assertIn(f"{option} takes a whole number from", done.stderr)


if __name__ == "__main__":
    unittest.main()
