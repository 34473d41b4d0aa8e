#!/usr/bin/env python3
"""Worlds with ports of their own over TLS: bad certificates, silence before the hello, and a redirect
from https to http that tells what a client carries along.

usage: doors_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import socket
import ssl
import sys
import unittest
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
from fakes import Case, PATIENCE  # noqa: E402


class Doors(Case):
    def setUp(self):
        super().setUp()
        self.ready = self.start("--listen", "localhost:0", "--tls-listen", "localhost:0")
        self.world = self.control("POST", "/worlds", {"listener": True})
        self.faults = "/worlds/" + self.world["world"] + "/faults"

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            self.ready["control"] + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10 * PATIENCE) as answer:
            return json.loads(answer.read() or b"null")

    def arm(self, **action):
        return self.control("POST", self.faults, {"do": action})["fault_id"]

    def connect(self, session=None):
        context = ssl.create_default_context(cafile=self.ready["ca"])
        port = urllib.parse.urlsplit(self.world["https"]).port
        raw = socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE)
        try:
            return context.wrap_socket(raw, server_hostname="www.wixapis.com", session=session)
        except Exception:
            raw.close()
            raise

    def fail_in_time(self, errors, **fault):
        """Connect while an armed fault lasts; on a busy machine that takes a longer while."""
        for ms in (200, 2000, 20000):
            self.arm(ms=ms, **fault)
            try:
                self.connect().close()
            except errors as error:
                return str(error)
        return self.fail("the fault did nothing")

    def probe(self):
        with self.connect() as tls:
            tls.sendall(b"GET /conformance/probe HTTP/1.1\r\nHost: localhost\r\n"
                        b"Connection: close\r\n\r\n")
            return tls.recv(12)

    def test_serve_over_tls(self):
        self.assertEqual(self.probe(), b"HTTP/1.1 401")
        journal = self.control("GET", "/worlds/" + self.world["world"] + "/journal")
        self.assertEqual(len(journal["entries"]), 1)

    def test_show_bad_certificates_at_one_port_alone(self):
        other = self.world
        for kind, reason in [("unknown-ca", "unable to get local issuer|self.signed"),
                             ("expired", "expired"), ("not-yet-valid", "not yet valid"),
                             ("wrong-host", "not valid for"), ("self-signed", "self.signed"),
                             ("old-protocol", "PROTOCOL|protocol|alert|legacy sigalg")]:
            with self.subTest(kind):
                self.world = self.control("POST", "/worlds", {"listener": True})
                self.faults = "/worlds/" + self.world["world"] + "/faults"
                fault = self.arm(fault="bad-certificate", kind=kind)
                with self.assertRaisesRegex(ssl.SSLError, reason):
                    self.connect()
                bad, self.world = self.world, other
                self.assertEqual(self.probe(), b"HTTP/1.1 401")
                self.world = bad
                self.control("DELETE", f"{self.faults}/{fault}")
                self.assertEqual(self.probe(), b"HTTP/1.1 401")

    def test_show_a_bad_certificate_for_a_while(self):
        said = self.fail_in_time(ssl.SSLError, fault="bad-certificate", kind="expired")
        self.assertIn("expired", said)
        deadline = time.monotonic() + 30 * PATIENCE
        while True:  # until it is over: nothing tells when
            try:
                self.assertEqual(self.probe(), b"HTTP/1.1 401")
                break
            except ssl.SSLError:
                self.assertLess(time.monotonic(), deadline)

    def test_swap_the_certificate_between_connections(self):
        self.arm(fault="bad-certificate", kind="swapped")
        self.connect().close()
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.connect()

    def test_say_nothing_to_a_hello(self):
        self.fail_in_time((ssl.SSLError, ConnectionError), fault="accept-silence")
        self.assertEqual(self.probe(), b"HTTP/1.1 401")

    def test_redirect_to_plain_http_tells_what_leaks(self):
        self.arm(fault="redirect", status=308)
        with self.connect() as tls:
            tls.sendall(b"POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
                        b"Connection: close\r\n\r\n{}")
            head = tls.recv(65536).decode()
        self.assertTrue(head.startswith("HTTP/1.1 308 "), head)
        url = [line for line in head.splitlines() if line.startswith("Location: ")][0][10:]
        self.assertTrue(url.startswith("http://localhost:"), url)
        body = json.dumps({"client_secret": "s", "refresh_token": "r"}).encode()
        urllib.request.urlopen(urllib.request.Request(
            url, body, {"Content-Type": "application/json"}), timeout=10 * PATIENCE).close()
        leaks = self.control("GET", "/worlds/" + self.world["world"] + "/leaks")["leaks"]
        self.assertEqual([leak["secrets"] for leak in leaks], [["client_secret", "refresh_token"]])

    def test_redirect_may_stay_with_tls(self):
        self.arm(fault="redirect", scheme="https", host="localhost")
        with self.connect() as tls:
            tls.sendall(b"GET /apps/v1/instance HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                        b"Connection: close\r\n\r\n")
            head = tls.recv(65536).decode()
        url = [line for line in head.splitlines() if line.startswith("Location: ")][0][10:]
        context = ssl.create_default_context(cafile=self.ready["ca"])
        request = urllib.request.Request(url, headers={"Authorization": "x"})
        urllib.request.urlopen(request, timeout=10 * PATIENCE, context=context).close()
        leaks = self.control("GET", "/worlds/" + self.world["world"] + "/leaks")["leaks"]
        self.assertEqual([leak["secrets"] for leak in leaks], [["Authorization"]])


if __name__ == "__main__":
    unittest.main()
