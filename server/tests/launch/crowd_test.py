"""Crowds: more connections than workers. New clients wait and are served; connections that had
their answer are given up first. FAKEWIX_LONG=1 plays 10,000 connections."""
import os
import socket
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


if __name__ == "__main__":
    unittest.main()
