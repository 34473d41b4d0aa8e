"""Hostile HTTP against the whole fake: every case has a defined answer, and a healthy client beside
them is served throughout. The listener's own table (listener_requests.def) has the finer points."""
import contextlib
import json
import os
import select
import socket
import ssl
import subprocess
import threading
import time
import unittest

from fakes import APP, Case, FAKEWIX, PATIENCE, TOKEN_REQUEST, environment

H = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


def post(path, body, headers=b""):
    return (b"POST %s HTTP/1.1\r\n" % path + H + JSON + headers +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def get(target, headers=b""):
    return b"GET " + target + b" HTTP/1.1\r\n" + H + headers + b"\r\n"


def form(path, body):
    return (b"POST %s HTTP/1.1\r\n" % path + H +
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
            % len(body) + body)


def cases():
    """(name, bytes, statuses that are right; 0: the connection ends without an answer)"""
    token = TOKEN_REQUEST.encode()
    # Paths: none may be taken for another.
    for target, status in [
            (b"/apps/v1/instance", 401), (b"//apps/v1/instance", 404), (b"/apps//v1/instance", 404),
            (b"/apps/v1/./instance", 404), (b"/x/../apps/v1/instance", 404),
            (b"/apps/v1/instance/", 404), (b"/apps/v1/instance.", 404),
            (b"/apps%2Fv1%2Finstance", 404), (b"/apps/v1/%69nstance", 404),
            (b"/apps/v1/instance%00", 404), (b"/apps/v1/instance%00.html", 404),
            (b"/apps\\v1\\instance", 404), (b"/apps/v1/instance;a=b", 404),
            (b"/APPS/V1/INSTANCE", 404), (b"/%2e%2e/%2e%2e/etc/passwd", 404),
            (b"/..%2f..%2fetc/passwd", 404), (b"/../../../../etc/passwd", 404),
            (b"/%c0%af%c0%ae", 404), (b"/%ff%fe", 404), (b"/%", 404), (b"/%zz", 404),
            (b"/w/", 404), (b"/w//", 404), (b"/w/none/oauth2/token", 404),
            (b"/w/../apps/v1/instance", 404), (b"/w/default/w/default/apps/v1/instance", 404),
            (b"/w/" + b"a" * 4000 + b"/x", 404), (b"/" + b"a" * 8000, 404),
            (b"/_fakewix", 200), (b"/_fakewix/../apps/v1/instance", 404),
            (b"/_fakewix/worlds/default/worlds/default/clock", 404),
            (b"/apps/v1/instance?" + b"a=b&" * 2000, 401),
            (b"/apps/v1/instance?" + b"a=b&" * 10000, 431),
            (b"/apps/v1/instance?%00=%00", 401), (b"/apps/v1/instance?" + b"=" * 500, 401),
            (b"/apps/v1/instance?a=%ff", 401), (b"/apps/v1/instance?&&&&", 401),
            (b"/installer/install?appId=" + b"%F0%9F%98%80" * 100, 400),
            (b"/installer/install?appId=%0d%0aSet-Cookie:x", 400),
            (b"/installer/close-window?access_token=" + b"A" * 9000, 400)]:
        # An API path that nothing serves asks for a token before it says so.
        yield f"path {target[:40]!r}", get(target), (401, 404) if status == 404 else (status,)
    # Methods, on each kind of path.
    for method in [b"PUT", b"DELETE", b"PATCH", b"HEAD", b"GET"]:
        for path in [b"/oauth2/token", b"/oauth/access", b"/oauth2/token-info"]:
            yield (f"{method!r} {path!r}", method + b" " + path + b" HTTP/1.1\r\n" + H + b"\r\n",
                   (405,))
    for method in [b"BREW", b"post", b"Post", b"TRACE", b"POST\t", b"G3T", b"P(ST"]:
        yield (f"method {method!r}", method + b" /oauth2/token HTTP/1.1\r\n" + H + b"\r\n",
               (400, 501))
    # Bodies that are not what they say.
    deep = b"[" * 100000
    for name, body in [
            ("empty", b""), ("blank", b"   "), ("number", b"1"), ("text", b'"x"'), ("null", b"null"),
            ("list", b"[]"), ("deep", deep), ("deep object", b'{"a":' * 20000),
            ("truncated", b'{"grant_type":"client_credentials"'), ("NUL", b'{"a":"\0"}'),
            ("NUL escape", b'{"grant_type":"a\\u0000"}'), ("bad UTF-8", b'{"a":"\xff"}'),
            ("overlong", b'{"a":"\xc0\xaf"}'), ("surrogate", b'{"a":"\\ud800"}'),
            ("raw control", b'{"a":"\x01"}'), ("two values", b"{}{}"), ("trailing", b"{} x"),
            ("comment", b"/**/{}"), ("single quotes", b"{'a':1}"), ("NaN", b'{"a":NaN}'),
            ("huge number", b'{"grant_type":1e999}'), ("many members", b'{"a":1,' * 5000 + b'"b":1}'),
            ("long name", b'{"' + b"a" * 60000 + b'":1}'), ("type object", b'{"grant_type":{}}'),
            ("type list", b'{"grant_type":["client_credentials"]}'), ("type true", b'{"grant_type":true}'),
            ("gzip magic", b"\x1f\x8b\x08\x00"), ("XML", b"<?xml version='1.0'?><x/>"),
            ("BOM", b"\xef\xbb\xbf" + b"{}")]:
        for path in [b"/oauth2/token", b"/oauth/access", b"/oauth2/token-info"]:
            yield f"body {name} {path!r}", post(path, body), (400,)
    for name, body in [("10,000 parameters", b"a=b&" * 10000), ("no equals", b"grant_type"),
                       ("bad escapes", b"grant_type=%zz%&%=%"), ("bytes", bytes(range(1, 256))),
                       ("only ampersands", b"&" * 5000)]:
        yield f"form {name}", form(b"/oauth2/token", body), (400,)
    # Framing that two parties could read differently.
    for name, head, statuses in [
            ("TE and CL", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", (400,)),
            ("CL and TE", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", (400,)),
            ("TE obfuscated", b"Transfer-Encoding: xchunked\r\n", (400, 501)),
            ("TE blank before", b"Transfer-Encoding : chunked\r\n", (400,)),
            ("TE twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", (400, 501)),
            ("TE tab", b"Transfer-Encoding:\tchunked\r\n", (400,)),
            ("CL twice", b"Content-Length: 4\r\nContent-Length: 5\r\n", (400,)),
            ("CL list", b"Content-Length: 4, 4\r\n", (400,)),
            ("CL plus", b"Content-Length: +4\r\n", (400,)),
            ("CL huge", b"Content-Length: 99999999999999999999\r\n", (413,)),
            ("CL negative", b"Content-Length: -1\r\n", (400,)),
            ("CL float", b"Content-Length: 4.0\r\n", (400,)),
            ("CL past limit", b"Content-Length: 2000000\r\n", (413,)),
            ("folded", b"X-A: b\r\n c\r\nContent-Length: 0\r\n", (400,)),
            ("two hosts", b"Host: other\r\nContent-Length: 0\r\n", (400,)),
            ("expect", b"Expect: the-unexpected\r\nContent-Length: 0\r\n", (417,))]:
        yield (f"framing {name}", b"POST /oauth2/token HTTP/1.1\r\n" + H + JSON + head + b"\r\n0\r\n\r\n",
               statuses)
    # Heads.
    yield "64 headers", get(b"/apps/v1/instance", b"A: b\r\n" * 80), (431,)
    yield "40 KB header", get(b"/apps/v1/instance", b"A: " + b"x" * 40000 + b"\r\n"), (431, 400)
    yield "8 KB token", get(b"/apps/v1/instance", b"Authorization: " + b"A" * 8000 + b"\r\n"), (401,)
    yield "20 KB token", get(b"/apps/v1/instance", b"Authorization: " + b"A" * 20000 + b"\r\n"), (401,)
    yield "no host", b"GET /apps/v1/instance HTTP/1.1\r\n\r\n", (400,)
    yield "NUL header", get(b"/apps/v1/instance", b"A: b\0c\r\n"), (400,)
    yield "high bytes", get(b"/apps/v1/instance", b"A: \xff\xfe\r\n"), (401,)
    for header in [b"Bearer", b"Bearer ", b"bearer x", b"Basic eDp5", b"Bearer Bearer x", b"OAUTH2.",
                   b"OAUTH2.a.b.c", b"OauthNG.JWS.a.b.c", b"OauthNG.JWS...", b"JWS.a.b.c", b"x,y",
                   b"OAUTH2." + b"a." * 500, b"IST.x", b"undefined", b"null", b"."]:
        yield f"token {header[:20]!r}", get(b"/apps/v1/instance", b"Authorization: " + header + b"\r\n"), (401,)
    # Not HTTP at all.
    for name, raw in [("TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n"),
                      ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                      ("bytes", bytes(range(256)) + b"\r\n\r\n"), ("redis", b"*1\r\n$4\r\nPING\r\n\r\n"),
                      ("SMTP", b"EHLO x\r\n\r\n"), ("HTTP/0.9", b"GET /\r\n\r\n")]:
        yield f"not HTTP: {name}", raw, (0, 400, 501, 505)
    # The control plane from where it may not be steered.
    for host in [b"evil.example", b"localhost.evil.example", b"127.0.0.1.evil.example", b"0x7f.1", b"::1",
                 b"evil.example:80", b"localhost@evil.example", b""]:
        yield (f"host {host!r}", b"GET /_fakewix/apps HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", (403, 400))
    for origin in [b"https://evil.example", b"null", b"http://localhost.evil.example", b"file://",
                   b"http://127.0.0.1.evil.example", b"http://evil.example#localhost"]:
        yield (f"origin {origin!r}", b"POST /_fakewix/reset HTTP/1.1\r\n" + H + b"Origin: " + origin +
               b"\r\nContent-Length: 0\r\n\r\n", (403,))
    # Upgrades are not taken up.
    yield "websocket", get(b"/apps/v1/instance", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), (401,)
    yield "h2c", get(b"/apps/v1/instance", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"), (401,)
    yield "smuggled in a body", post(b"/oauth2/token", token, b"X: y\r\n"), (200,)
    yield "absolute target", get(b"http://localhost/apps/v1/instance"), (401, 404)
    yield "app in the query", post(b"/oauth2/token?client_id=" + APP["app_id"].encode(), b"{}"), (400,)


class Healthy(threading.Thread):
    """A client that goes on asking; the longest it waited is in `worst`."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.over, self.served, self.worst, self.failed = port, False, 0, 0.0, None

    def run(self):
        request = post(b"/oauth2/token", TOKEN_REQUEST.encode())
        try:
            while not self.over:
                began = time.monotonic()
                with socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE) as client:
                    client.sendall(request)
                    assert client.recv(65536)[9:12] == b"200"
                self.served += 1
                self.worst = max(self.worst, time.monotonic() - began)
        except Exception as failure:  # told to the test by its thread
            self.failed = failure


class Hostile(Case):
    def setUp(self):
        super().setUp()
        ready = self.start("--listen", "127.0.0.1:0")
        self.port = int(ready["http"].rsplit(":", 1)[1])

    def status(self, request):
        """The answer's status, 0 for none. A server may answer and reset before all of the request is
        written (shutdown then finds no connection): what it answered is still there to be read."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(request)
            with contextlib.suppress(OSError):  # ENOTCONN, which is no ConnectionError
                client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while b"\r\n" not in answer and (more := client.recv(4096)):
                    answer += more
        return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0

    def test_each_case_has_its_answer(self):
        healthy = Healthy(self.port)
        healthy.start()
        n = 0
        for name, request, statuses in cases():
            n += 1
            with self.subTest(name):
                self.assertIn(self.status(request), statuses)
        healthy.over = True
        healthy.join(20)
        self.assertIsNone(healthy.failed)
        self.assertGreater(healthy.served, 10)
        self.assertLess(healthy.worst, 5 * PATIENCE)
        print(f"{n} hostile cases; {healthy.served} healthy requests beside them, "
              f"the longest {healthy.worst * 1000:.0f} ms")
        self.assertGreaterEqual(n, 200)

    def test_half_requests_do_not_hold_up_others(self):
        halves = []
        for i in range(40):
            client = socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE)
            self.addCleanup(client.close)
            client.sendall([b"GET /apps/v1", b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\nContent-Length: 50\r\n\r\n{",
                            b"", b"\x16\x03\x01"][i % 4])
            halves.append(client)
        began = time.monotonic()
        self.assertEqual(self.status(post(b"/oauth2/token", TOKEN_REQUEST.encode())), 200)
        self.assertLess(time.monotonic() - began, 5 * PATIENCE)

    def test_slow_heads_and_bodies_beside_a_healthy_client(self):
        """A byte at a time, on half of the workers; listener_test has what they are told in the end."""
        port = int(self.start("--listen", "127.0.0.1:0", "--workers", "12")["http"].rsplit(":", 1)[1])
        healthy = Healthy(port)
        slow = []
        for i in range(6):
            client = socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE)
            self.addCleanup(client.close)
            client.sendall([b"GET /apps/v1/instance HTTP/1.1\r\nHost: l\r\nX-A: ",
                            b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\nContent-Length: 5000\r\n\r\n",
                            b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n1000\r\n"][i % 3])
            slow.append(client)
        healthy.start()
        end = time.monotonic() + 2
        while time.monotonic() < end or healthy.served <= 20 and not healthy.failed:
            for client in slow:
                client.send(b"x")
            self.assertEqual(select.select(slow, [], [], 0.02)[0], [])
        healthy.over = True
        healthy.join(20)
        self.assertIsNone(healthy.failed)
        self.assertGreater(healthy.served, 20)

    def test_plain_text_on_the_tls_port_and_the_reverse(self):
        """No answer that could be taken for one, and who speaks the right one is served on."""
        ready = self.start("--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0")
        plain, tls = (int(ready[key].rsplit(":", 1)[1]) for key in ("http", "https"))
        context = ssl.create_default_context(cafile=ready["ca"])
        for port, raw in [(tls, get(b"/apps/v1/instance")), (tls, b"\0" * 5000),
                          (tls, b"\x16\x03\x01\xff\xff" + b"x" * 70000), (tls, b"\x80\x2e\x01"),
                          (tls, b""), (plain, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")]:
            self.port = port
            self.assertIn(self.status(raw), (0, 400), raw[:10])
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(socket.create_connection(("127.0.0.1", plain), timeout=20 * PATIENCE),
                                server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", tls), timeout=20 * PATIENCE) as raw:
            with context.wrap_socket(raw, server_hostname="www.wixapis.com") as client:
                client.sendall(post(b"/oauth2/token", TOKEN_REQUEST.encode()))
                self.assertEqual(client.recv(65536)[9:12], b"200")
        self.port = plain
        self.assertEqual(self.status(post(b"/oauth2/token", TOKEN_REQUEST.encode())), 200)

    def test_pipelined_requests_are_answered_in_order(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE) as client:
            client.sendall(post(b"/oauth2/token", TOKEN_REQUEST.encode()) + get(b"/nowhere") +
                           get(b"/apps/v1/instance", b"Connection: close\r\n"))
            answer = b""
            while more := client.recv(65536):
                answer += more
        statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
        self.assertEqual(statuses, [b"200", b"404", b"401"])

    def test_no_secret_reaches_the_log(self):
        """Secrets where they belong and where they do not; what is said at the end names none."""
        secrets = {name: f"{name}-5ecret-{number}" for number, name in enumerate(
            ["wrong", "query", "basic", "code", "refresh", "bearer", "referer"])}
        process = subprocess.Popen(
            [FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment())
        ready = process.stdout.readline()
        self.port = int(json.loads(ready)["http"].rsplit(":", 1)[1])
        client = {"client_id": APP["app_id"], "client_secret": secrets["wrong"]}
        own = {**client, "client_secret": APP["app_secret"]}
        for request in [
                post(b"/oauth2/token", json.dumps(
                    {"grant_type": "client_credentials", **client}).encode()),
                post(b"/oauth2/token?client_secret=" + secrets["query"].encode(), b"{}"),
                post(b"/oauth/access", json.dumps(
                    {"grant_type": "authorization_code", "code": secrets["code"], **own}).encode()),
                post(b"/oauth/access", json.dumps(
                    {"grant_type": "refresh_token", "refresh_token": secrets["refresh"], **own}).encode()),
                post(b"/oauth2/token", b"{}", b"Authorization: Basic " + secrets["basic"].encode() + b"\r\n"),
                get(b"/apps/v1/instance", b"Authorization: " + secrets["bearer"].encode() + b"\r\n"),
                get(b"/apps/v1/instance", b"Referer: http://l/?code=" + secrets["referer"].encode() + b"\r\n"),
                post(b"/oauth2/token", TOKEN_REQUEST.encode()) * 3]:
            self.status(request)
        process.terminate()
        out, err = process.communicate(timeout=30 * PATIENCE)
        self.assertIn("lint", err)
        for name, secret in {**secrets, "own": APP["app_secret"]}.items():
            self.assertNotIn(secret, ready + out + err, name)
        self.assertNotIn("JWS.", err)

    def head(self, request):
        """All lines of the answer's head, whatever ends them."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20 * PATIENCE) as client:
            client.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer and (more := client.recv(65536)):
                answer += more
        return answer.partition(b"\r\n\r\n")[0].splitlines()

    def test_a_reflected_value_is_never_a_header(self):
        """In each place where what a client sent goes into a header: the harmless value arrives, the
        same with a line end behind it makes no line of its own."""
        ready = self.start("--listen", "127.0.0.1:0", "--consent", "auto")
        self.port = int(ready["http"].rsplit(":", 1)[1])
        install = (b"/installer/install?appId=" + APP["app_id"].encode() + b"&redirectUrl=" +
                   APP["redirect_urls"][0].encode() + b"&state=safe")
        outside = (b"/app-installer?appId=" + APP["app_id"].encode() +
                   b"&postInstallationUrl=https://safe.example/")
        probe = get(b"/conformance/probe")

        def fault(**action):
            return post(b"/_fakewix/faults", json.dumps(
                {"on": {"route": "GET /conformance/probe"}, "do": action}).encode())
        for name, place in {
                "state": lambda end: get(install + end.replace(b"\r", b"%0d").replace(b"\n", b"%0a")),
                "URL after an installation":
                    lambda end: get(outside + end.replace(b"\r", b"%0d").replace(b"\n", b"%0a")),
                "origin": lambda end: get(b"/conformance/probe", b"Origin: http://safe" + end + b"\r\n"),
                "headers asked for": lambda end: (
                    b"OPTIONS /conformance/probe HTTP/1.1\r\n" + H + b"Origin: http://a\r\n"
                    b"Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: safe" +
                    end + b"\r\n\r\n"),
                "target": lambda end: (self.head(fault(fault="redirect", status=308)),
                                       get(b"/conformance/probe?safe" + end))[1],
                "header of a fault": lambda end: (self.head(fault(
                    fault="status", status=503, headers={"X-A": "safe" + end.decode()})), probe)[1],
                "name of a fault's header": lambda end: (self.head(fault(
                    fault="status", status=503, headers={"Safe" + end.decode() + ": a": "b"})), probe)[1],
                "redirect of a fault": lambda end: (self.head(fault(
                    fault="redirect", status=307, to="http://safe/" + end.decode())), probe)[1],
                "retry of a fault": lambda end: (self.head(fault(
                    fault="status", status=503, retry_after="safe" + end.decode())), probe)[1]}.items():
            with self.subTest(name):
                lines = self.head(place(b""))
                self.assertTrue([line for line in lines if b"safe" in line.lower()], lines)
                for end in (b"\r\n", b"\n", b"\r"):
                    lines = self.head(place(end + b"Set-Cookie: x=y"))
                    self.assertTrue(lines)
                    self.assertFalse([line for line in lines if line.startswith(b"Set-Cookie")], lines)
                self.head(b"DELETE /_fakewix/faults HTTP/1.1\r\n" + H + b"\r\n")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    unittest.main()
