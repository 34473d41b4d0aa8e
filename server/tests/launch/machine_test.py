#!/usr/bin/env python3
"""Faults of the machine: a full disk, a broken state file, no descriptors, a clock that steps back,
memory that must stay bounded. Each ends in one sentence or in no harm; nothing answered is lost.

usage: machine_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
from fakes import (APP, BIN, Case, DEFAULT, FAKEWIX, PATIENCE, SANITIZED,  # noqa: E402
                   TOKEN_REQUEST, environment)

JSON = {"Content-Type": "application/json"}
SITE = DEFAULT["sites"][0]["site_id"]
CLIENT = {"client_id": APP["app_id"], "client_secret": APP["app_secret"]}
MIB = 1 << 20
PRELOAD = BIN.parent / "lib" / "libfakewix-preload.so"


class Machine(Case):
    def spawn(self, *options, env=None, **popen):
        """A fake on a free port; gives the process. Where it listens is in `address`."""
        process = subprocess.Popen(
            [FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0", *options], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**(env or {})), **popen)

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        line = process.stdout.readline()
        self.assertTrue(line, "the fake did not start")
        self.address = urllib.parse.urlsplit(json.loads(line)["http"]).netloc
        return process

    def ask(self, method, path, body=None, connection=None):
        mine = connection or http.client.HTTPConnection(self.address, timeout=20 * PATIENCE)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        mine.request(method, path, text, JSON)
        answer = mine.getresponse()
        content = answer.read()
        if not connection:
            mine.close()
        return answer.status, json.loads(content) if content else None

    def install(self):
        return self.ask("POST", "/_fakewix/installs", {"app_id": APP["app_id"], "site_id": SITE})

    def exchange(self, code):
        return self.ask("POST", "/oauth/access", {"grant_type": "authorization_code",
                                                  "code": code, **CLIENT})

    def sentence(self, process):
        """What it said at its end: one line (and what a sanitizer adds to an abort)."""
        _, said = process.communicate(timeout=30 * PATIENCE)
        lines = [line for line in said.splitlines() if line.startswith("fakewix: ")]
        self.assertEqual(len(lines), 1, said)
        return lines[0]

    def mount(self, size):
        """A small file system of its own, or a skip where mounting is not allowed."""
        place = self.folder / "small"
        place.mkdir()
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place],
                capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", place])
        return place


class Disk(Machine):
    def load_until_it_ends(self, process):
        """Redeem codes until the fake stops; gives what was answered."""
        redeemed, unused = [], []
        try:
            for i in range(20000):
                status, answer = self.install()
                self.assertEqual(status, 201, answer)
                unused.append(answer["code"])
                if i % 2:
                    self.assertEqual(self.exchange(answer["code"])[0], 200)
                    redeemed.append(unused.pop())
                # Content fills the disk faster than marks do.
                self.assertLess(self.ask("POST", "/_fakewix/sites", {
                    "site_id": f"site-{i}", "display_name": "x" * 4000})[0], 300)
        except (OSError, http.client.HTTPException):
            pass
        self.assertIsNotNone(process.wait(timeout=30 * PATIENCE), "the disk never became full")
        self.assertGreater(len(redeemed), 2)
        return redeemed, unused

    def check_whole(self, state, redeemed, unused):
        """What was answered is still so, on a file with room."""
        self.spawn("--state", str(state))
        for code in redeemed[-50:]:
            self.assertEqual(self.exchange(code)[0], 400)
        self.assertEqual(self.exchange(unused[0])[0], 200)
        sites = self.ask("GET", "/_fakewix/sites")[1]["sites"]
        self.assertGreaterEqual(len(sites), len(redeemed) + len(unused))

    def move(self, place):
        target = self.folder / "room"
        target.mkdir()
        for file in place.iterdir():
            shutil.copy(file, target)
        return target / "s.db"

    def test_full_disk(self):
        place = self.mount("1m")
        process = self.spawn("--state", str(place / "s.db"))
        redeemed, unused = self.load_until_it_ends(process)
        said = self.sentence(process)
        self.assertIn("the state could not be kept", said)
        self.assertIn("check the disk", said)
        self.check_whole(self.move(place), redeemed, unused)

    def test_file_size_limit(self):
        """The same, for a limit of the account in place of the disk's."""
        place = self.folder / "state"
        place.mkdir()
        process = self.spawn("--state", str(place / "s.db"), preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (MIB, MIB)))
        redeemed, unused = self.load_until_it_ends(process)
        self.assertIn("the state could not be kept", self.sentence(process))
        self.check_whole(self.move(place), redeemed, unused)

    def refused(self, state):
        done = subprocess.run([FAKEWIX, "serve", "--listen", "127.0.0.1:0", "--state", str(state)],
                              capture_output=True, text=True, timeout=30 * PATIENCE, env=environment())
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(f"--state {state}", done.stderr)
        return done.stderr

    def test_full_disk_at_the_start(self):
        place = self.mount("16k")
        self.assertIn("room", self.refused(place / "s.db"))

    def test_read_only_file_system(self):
        place = self.mount("1m")
        process = self.spawn("--state", str(place / "s.db"))
        process.terminate()
        process.wait()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        self.assertIn("writable", self.refused(place / "s.db"))
        self.assertIn("writable", self.refused(place / "new.db"))

    def test_truncated_file(self):
        """Cut anywhere: it is refused in a sentence, and left as it is."""
        state = self.folder / "s.db"
        process = self.spawn("--state", str(state))
        codes = [self.install()[1]["code"] for _ in range(30)]
        for code in codes[:20]:
            self.assertEqual(self.exchange(code)[0], 200)
        process.terminate()
        self.assertEqual(process.wait(timeout=30 * PATIENCE), 0)
        whole = state.read_bytes()
        self.assertFalse(state.with_name("s.db-wal").exists())
        refusals = 0
        for size in (1, 50, 100, 1000, 4096, 5000, 8192, 3 * 4096, len(whole) // 2,
                     len(whole) - 4096):
            with self.subTest(size=size):
                cut = self.folder / f"cut-{size}.db"
                cut.write_bytes(whole[:size])
                self.refused(cut)
                self.assertEqual(cut.read_bytes(), whole[:size])
                refusals += 1
        self.assertEqual(refusals, 10)
        empty = self.folder / "empty.db"
        empty.write_bytes(b"")
        self.spawn("--state", str(empty))  # as a new file


class Descriptors(Machine):
    def cpu_s(self, process):
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_none_left(self):
        """More clients than descriptors: those that have one are served, the others get theirs."""
        limit = 40
        process = self.spawn("--workers", "64", "--max-holds", "48",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                   (limit, limit)))
        self.assertEqual(self.ask("POST", "/_fakewix/faults", {
            "on": {"route": "GET /conformance/probe"}, "times": 200, "stage": "before",
            "do": {"fault": "delay", "ms": 1500}})[0], 201)
        active = http.client.HTTPConnection(self.address, timeout=20 * PATIENCE)
        self.addCleanup(active.close)
        self.assertEqual(self.ask("POST", "/oauth2/token", TOKEN_REQUEST, active)[0], 200)
        host, port = self.address.rsplit(":", 1)
        crowd = []
        for _ in range(2 * limit):
            client = socket.create_connection((host, int(port)), timeout=30 * PATIENCE)
            self.addCleanup(client.close)
            client.sendall(b"GET /conformance/probe HTTP/1.1\r\nHost: x\r\n"
                           b"Connection: close\r\n\r\n")
            crowd.append(client)
        began, spent = time.monotonic(), self.cpu_s(process)
        answers = [client.makefile("rb").read()[9:12] for client in crowd]
        took, spent = time.monotonic() - began, self.cpu_s(process) - spent
        self.assertEqual(set(answers), {b"401"})
        print(f"{2 * limit} clients, {limit} descriptors: all answered in {took:.1f} s, "
              f"{spent:.2f} s of CPU")
        self.assertLess(spent, took / 2, "the accepting thread spins")
        self.assertEqual(self.ask("POST", "/oauth2/token", TOKEN_REQUEST)[0], 200)

    def crowd(self, address, n):
        host, port = address.rsplit(":", 1)
        clients = []
        for _ in range(n):
            client = socket.create_connection((host, int(port)), timeout=30 * PATIENCE)
            self.addCleanup(client.close)
            client.sendall(b"GET /conformance/probe HTTP/1.1\r\nHost: x\r\n"
                           b"Connection: close\r\n\r\n")
            clients.append(client)
        return clients

    def slow_world(self, limit):
        """A fake with `limit` descriptors, and a world with a port of its own that answers late."""
        process = self.spawn("--workers", "64", "--max-holds", "48",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                   (limit, limit)))
        world = self.ask("POST", "/_fakewix/worlds", {"listener": True})[1]
        self.faults = f"/_fakewix/worlds/{world['world']}/faults"
        self.assertEqual(self.ask("POST", self.faults, {
            "on": {"route": "GET /conformance/probe"}, "times": 200, "stage": "before",
            "do": {"fault": "delay", "ms": 1000}})[0], 201)
        return process, urllib.parse.urlsplit(world["http"]).netloc

    def test_none_left_for_a_worlds_own_port(self):
        limit = 48
        process, door = self.slow_world(limit)
        crowd = self.crowd(door, 2 * limit)
        began, spent = time.monotonic(), self.cpu_s(process)
        answers = [client.makefile("rb").read()[9:12] for client in crowd]
        took, spent = time.monotonic() - began, self.cpu_s(process) - spent
        self.assertEqual(set(answers), {b"401"})
        print(f"{2 * limit} clients of a world's own port, {limit} descriptors: {took:.1f} s, "
              f"{spent:.2f} s of CPU")
        self.assertLess(spent, took / 4, "the thread of the doors spins")

    def test_none_left_when_a_world_listens_again(self):
        """It listens as soon as there are some."""
        limit = 48
        _, door = self.slow_world(limit)
        self.assertEqual(self.ask("POST", self.faults, {
            "do": {"fault": "refuse-connections", "ms": 300}})[0], 201)
        self.ask("POST", "/_fakewix/faults", {
            "on": {"route": "GET /conformance/probe"}, "times": 200, "stage": "before",
            "do": {"fault": "delay", "ms": 1000}})
        crowd = self.crowd(self.address, 2 * limit)
        for client in crowd:
            self.assertEqual(client.makefile("rb").read()[9:12], b"401")
            client.close()
        host, port = door.rsplit(":", 1)
        deadline = time.monotonic() + 10 * PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        self.assertEqual(self.crowd(door, 1)[0].makefile("rb").read()[9:12], b"401")

    def test_none_left_for_another_world(self):
        """It gets one sentence, and the next one its port when there are some again."""
        self.slow_world(48)
        worlds = []
        while True:
            status, answer = self.ask("POST", "/_fakewix/worlds", {"listener": True})
            if status != 201:
                break
            worlds.append(answer["world"])
            self.assertLess(len(worlds), 24)
        self.assertIn("no port of its own could be opened: Too many open files",
                      json.dumps(answer))
        self.assertEqual(self.ask("POST", "/oauth2/token", TOKEN_REQUEST)[0], 200)
        for world in worlds[:2]:  # two, as connections that end take their time to go
            self.assertEqual(self.ask("DELETE", "/_fakewix/worlds/" + world)[0], 204)
        self.assertEqual(self.ask("POST", "/_fakewix/worlds", {"listener": True})[0], 201)

    def test_too_few_to_start(self):
        """One sentence and 2, whichever part it is that finds none."""
        for limit in range(3, 16):
            done = subprocess.run(
                [FAKEWIX, "serve", "--listen", "127.0.0.1:0", "--state", self.folder / "s.db"],
                capture_output=True, text=True, timeout=30 * PATIENCE, env=environment(),
                preexec_fn=lambda limit=limit: (
                    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
                    signal.alarm(5 * PATIENCE)))
            if done.returncode == -signal.SIGALRM:
                break  # it had enough, and served
            self.assertIn(done.returncode, (2, 127), (limit, done))
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.strip(), limit)
            if done.returncode == 2:
                self.assertEqual(done.stderr.count("\n"), 1, (limit, done.stderr))


class Clock(Machine):
    @unittest.skipUnless(PRELOAD.exists(), "there is no preload library in this build")
    def test_machine_clock_steps_back(self):
        """An hour back, and a year: nothing that was valid is refused, nothing waits for ever."""
        clock = self.folder / "clock"
        clock.write_bytes(struct.pack("=q", 0))
        plain = tempfile.TemporaryDirectory(dir="/tmp")  # LD_PRELOAD ends a name at a space
        self.addCleanup(plain.cleanup)
        library = pathlib.Path(plain.name) / "preload.so"
        library.symlink_to(PRELOAD)
        self.spawn("--state", str(self.folder / "s.db"),
                   env={"LD_PRELOAD": library, "FAKEWIX_PRELOAD_CLOCK": clock,
                        "FAKEWIX_PRELOAD_PORTS": "0:0",
                        # Ours comes before the sanitizer's own, where that is built in.
                        "ASAN_OPTIONS": "verify_asan_link_order=0"})
        first = self.ask("GET", "/_fakewix/clock")[1]["now_ms"]
        code = self.install()[1]["code"]
        for back_ms in (3600 * 1000, 365 * 86400 * 1000):
            with open(clock, "r+b") as file:
                file.write(struct.pack("=q", -back_ms))
            now_ms = self.ask("GET", "/_fakewix/clock")[1]["now_ms"]
            self.assertLess(now_ms, first - back_ms + 60000, "the clock did not step")
            status, tokens = self.exchange(code)
            self.assertEqual(status, 200, tokens)
            code = self.install()[1]["code"]
            self.assertEqual(self.ask("POST", "/oauth/access", {
                "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
                **CLIENT})[0], 200)
            began = time.monotonic()
            self.ask("GET", "/_fakewix/journal?wait_ms=300&after=999999")
            self.assertLess(time.monotonic() - began, 10 * PATIENCE)
        entries = self.ask("GET", "/_fakewix/journal")[1]["entries"]
        numbers = [entry["seq"] for entry in entries]
        self.assertEqual(numbers, sorted(numbers))


class Memory(Machine):
    def rss_kb(self, process):
        for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def test_journal_keeps_its_budget(self):
        """A thousand bodies of half a MiB, from four clients; 8 MiB are allowed for the journal."""
        process = self.spawn("--journal-bytes", str(8 * MIB), "--workers", "8")
        body = json.dumps({"grant_type": "client_credentials", "filler": "x" * (MIB // 2)})

        def load(times):
            connection = http.client.HTTPConnection(self.address, timeout=30 * PATIENCE)
            for _ in range(times):
                self.ask("POST", "/oauth2/token", body, connection)
            connection.close()

        def load_by_four():
            threads = [threading.Thread(target=load, args=(125,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        idle = self.rss_kb(process)
        load_by_four()
        half = self.rss_kb(process)
        load_by_four()
        full = self.rss_kb(process)
        print(f"1,000 bodies of 0.5 MiB: {idle} kB idle, {half} kB at half, {full} kB at the end")
        entries = self.ask("GET", "/_fakewix/journal?limit=1000")[1]["entries"]
        self.assertGreater(len(entries), 3)
        self.assertLess(len(entries), 40)
        if not SANITIZED:
            self.assertLess(full - half, 16 * 1024)
            self.assertLess(full - idle, 64 * 1024)

    def test_many_worlds_keep_one_budget(self):
        """Fifty worlds take 100 bodies of 64 KiB each, 320 MiB; 16 MiB are allowed for all."""
        process = self.spawn("--journal-total", str(16 * MIB), "--workers", "8")
        body = json.dumps({"grant_type": "client_credentials", "filler": "x" * (MIB // 16)})
        for number in range(50):
            self.assertEqual(self.ask("POST", "/_fakewix/worlds", json.dumps(
                {"world": f"w{number}"}))[0], 201)
        idle = self.rss_kb(process)

        def load(first):
            connection = http.client.HTTPConnection(self.address, timeout=30 * PATIENCE)
            for turn in range(1250):
                self.ask("POST", f"/w/w{(first + turn) % 50}/oauth2/token", body, connection)
            connection.close()
        threads = [threading.Thread(target=load, args=(12 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        full = self.rss_kb(process)
        print(f"5,000 bodies of 64 KiB in 50 worlds: {idle} kB idle, {full} kB at the end")
        journals = [self.ask("GET", f"/_fakewix/worlds/w{number}/journal")[1]
                    for number in range(50)]
        for journal in journals:
            self.assertEqual(journal["dropped"] + len(journal["entries"]), 100)
            self.assertGreater(len(journal["entries"]), 2)
        if not SANITIZED:
            self.assertLess(full - idle, 64 * 1024)


if __name__ == "__main__":
    unittest.main()
