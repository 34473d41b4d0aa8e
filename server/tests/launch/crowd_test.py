"""Crowds: more connections than workers. New clients wait and are served; connections that had
their answer are given up first. FAKEWIX_LONG=1 plays 10,000 connections."""
import contextlib
import os
import select
import socket
import ssl
import threading
import time
import unittest

from fakes import Case, PATIENCE

ASK = b"GET /_fakewix/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG = bool(os.environ.get("FAKEWIX_LONG"))


class Crowd(Case):
    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE)
        self.addCleanup(client.close)
        return client

    def ask(self, client):
        client.sendall(ASK)
        return client.recv(4096)[9:12]

    def port(self, *options):
        return int(self.start("--listen", "127.0.0.1:0", *options)["http"].rsplit(":", 1)[1])

    def test_nobody_waits_for_somebodys_silence(self):
        port = self.port()
        idle = [self.connect(port) for _ in range(200)]
        for client in idle:
            self.assertEqual(self.ask(client), b"200")
        waits = []
        for _ in range(100):
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE) as client:
                self.assertEqual(self.ask(client), b"200")
            waits.append(time.monotonic() - began)
        print(f"200 idle clients, 64 workers: a newcomer waits at most {max(waits) * 1000:.1f} ms")
        self.assertLess(sorted(waits)[len(waits) // 2], 0.1 * PATIENCE)

    def test_an_active_client_is_served_beside_idle_ones(self):
        port = self.port("--workers", "8")
        active = self.connect(port)
        for _ in range(20):
            self.assertEqual(self.ask(self.connect(port)), b"200")
            try:
                answer = self.ask(active)
            except ConnectionError:
                answer = b""
            if answer != b"200":  # given up between two requests, as any server may
                active = self.connect(port)
                self.assertEqual(self.ask(active), b"200")

    def test_a_thousand_at_once_are_all_answered(self):
        port = self.port("--workers", "64")
        clients = [self.connect(port) for _ in range(1000)]
        for client in clients:
            client.sendall(ASK)
        self.assertEqual(sum(client.recv(4096)[9:12] == b"200" for client in clients), 1000)

    def test_connection_after_connection(self):
        port = self.port()
        rounds = 10000 if LONG else 1000
        began = time.monotonic()
        for _ in range(rounds):
            with socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE) as client:
                self.assertEqual(self.ask(client), b"200")
        print(f"{rounds} connections one after the other in {time.monotonic() - began:.1f} s")

    def test_silent_connections_do_not_lock_others_out(self):
        port = self.port("--workers", "4")
        silent = [self.connect(port) for _ in range(4)]
        self.assertEqual(len(silent), 4)
        time_limit = time.monotonic() + 10 * PATIENCE
        served = False
        while not served and time.monotonic() < time_limit:
            client = socket.create_connection(("127.0.0.1", port), timeout=0.3 * PATIENCE)
            try:
                served = self.ask(client) == b"200"
            except TimeoutError:
                pass  # the next newcomer asks again for room
            client.close()
        self.assertTrue(served)

    def slow_ones(self, port, first, n):
        """Clients that say a byte every 50 ms, and how many of them are left."""
        slow = [self.connect(port) for _ in range(n)]
        for client in slow:
            client.sendall(first)
        over = threading.Event()

        def drip():
            while not over.wait(0.05):
                for client in slow if first else ():
                    with contextlib.suppress(OSError):
                        client.send(b" ")
        thread = threading.Thread(target=drip)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)
        return slow

    def wait_of_a_newcomer(self, port, tls=None):
        """He comes once, at once, and nobody after him."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE) as client:
            with tls.wrap_socket(client) if tls else client as spoken:
                self.assertEqual(self.ask(spoken), b"200")
        waited = time.monotonic() - began
        print(f"a newcomer waits {waited:.1f} s")
        self.assertGreater(waited, 0.5)  # the slow ones were given a second
        self.assertLess(waited, 5 * PATIENCE)  # and not the half minute that a request may take

    def test_slow_bodies_make_room_for_a_newcomer(self):
        for framing in (b"Content-Length: 5000\r\n\r\n",
                        b"Transfer-Encoding: chunked\r\n\r\n1000\r\n"):
            port = self.port("--workers", "4")
            slow = self.slow_ones(port, b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\n" + framing, 4)
            self.wait_of_a_newcomer(port)
            heard = select.select(slow, [], [], 0)[0]
            self.assertEqual(len(heard), 1)  # one had to go, and is told why
            self.assertEqual(heard[0].recv(4096)[9:12], b"408")

    def test_slow_heads_make_room_for_a_newcomer(self):
        port = self.port("--workers", "4")
        slow = self.slow_ones(port, b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\nX-A: ", 4)
        self.wait_of_a_newcomer(port)
        self.assertEqual(len(select.select(slow, [], [], 0)[0]), 1)

    def test_silence_makes_room_for_a_newcomer(self):
        port = self.port("--workers", "4")
        silent = self.slow_ones(port, b"", 4)
        self.wait_of_a_newcomer(port)
        self.assertEqual(len(select.select(silent, [], [], 0)[0]), 1)

    def test_unfinished_handshakes_make_room_for_a_newcomer(self):
        ready = self.start("--tls-listen", "127.0.0.1:0", "--workers", "4")
        port = int(ready["https"].rsplit(":", 1)[1])
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        self.slow_ones(port, b"\x16\x03\x01\x02\x00\x01", 4)  # 512 bytes are to come
        self.wait_of_a_newcomer(port, anybody)

    def test_idle_ones_go_before_slow_ones(self):
        port = self.port("--workers", "4")
        slow = self.slow_ones(port, b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\n"
                              b"Content-Length: 5000\r\n\r\n", 3)
        idle = self.connect(port)
        self.assertEqual(self.ask(idle), b"200")
        time.sleep(1.2)  # past the second of the slow ones: what is tested is time
        began = time.monotonic()
        self.assertEqual(self.ask(self.connect(port)), b"200")
        print(f"beside an idle one a newcomer waits {(time.monotonic() - began) * 1000:.1f} ms")
        self.assertEqual(idle.recv(1), b"")
        self.assertEqual(select.select(slow, [], [], 0)[0], [])

    def test_slow_bodies_are_left_alone_where_nobody_waits(self):
        port = self.port("--workers", "4")
        slow = self.slow_ones(port, b"POST /oauth2/token HTTP/1.1\r\nHost: l\r\n"
                              b"Content-Length: 5000\r\n\r\n", 3)
        healthy = self.connect(port)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            self.assertEqual(self.ask(healthy), b"200")
        self.assertEqual(select.select(slow, [], [], 0)[0], [])


if __name__ == "__main__":
    unittest.main()
