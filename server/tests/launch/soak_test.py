#!/usr/bin/env python3
"""Work of every kind for a long time: memory stays where it was, and everything is still answered.

usage: soak_test.py DIRECTORY-OF-THE-PROGRAMS [SECONDS]

Ten seconds; half an hour with FAKEWIX_LONG=1 (scripts/test --long). Prints resident memory as it goes.
Each worker does what a test suite does: makes a world, signs in, refreshes, calls, waits, breaks and
times things in it, looks into the journal, and drops the world or leaves it to be the oldest one. One
works in the default world, which nobody ever drops.
"""
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
SECONDS = float(sys.argv.pop(2)) if len(sys.argv) > 2 else 1800 if os.environ.get("FAKEWIX_LONG") else 10
from fakes import APP, FAKEWIX, INSTANCE, PATIENCE, SANITIZED, environment  # noqa: E402

WORKERS, WORLDS_MAX, JOURNAL_MAX = 4, 40, 300
WARM_UP = 0.3  # of the time: worlds and journals fill up
GROWTH_MAX_KIB = 16 * 1024  # after that
JSON = {"Content-Type": "application/json"}
WIRE_FAULTS = ["reset", "close", "garbage", "silence"]


class Worker(threading.Thread):
    def __init__(self, url, seed, own_worlds):
        super().__init__(daemon=True)
        self.url = urllib.parse.urlsplit(url)
        self.random = random.Random(seed)
        self.own_worlds = own_worlds
        self.asked = 0
        self.problem = None
        self.connection = None

    def ask(self, method, path, body=None, headers=None, expect=(200, 201, 204)):
        """The JSON of an answer; None where a fault of the wire took it."""
        self.asked += 1
        for attempt in range(2):
            fresh = self.connection is None
            self.connection = self.connection or http.client.HTTPConnection(
                self.url.hostname, self.url.port, timeout=30 * PATIENCE)
            try:
                self.connection.request(method, path, None if body is None else json.dumps(body),
                                        headers or JSON)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                self.connection.close()
                self.connection = None
                if None in expect:
                    return None
                if fresh or attempt:
                    raise
        if answer.status not in expect:
            raise AssertionError(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text) if text[:1] in (b"{", b"[") else None

    def run(self):
        try:
            while not over.is_set():
                if self.own_worlds:
                    world = self.ask("POST", "/_fakewix/worlds", {"clock": "2030-01-01T00:00:00Z"})
                else:
                    world = {**APP, **INSTANCE, "prefix": "", "control": "/_fakewix"}
                self.work_in(world)
                if self.own_worlds and self.random.random() < 0.5:
                    self.ask("DELETE", world["control"])
        except Exception as error:  # pylint: disable=broad-except
            self.problem = error
            over.set()

    def work_in(self, world):
        prefix, control = world["prefix"], world["control"]
        app = {"client_id": world["app_id"], "client_secret": world["app_secret"]}
        pair = {"app_id": world["app_id"], "site_id": world["site_id"]}
        code = self.ask("POST", control + "/installs", pair)["code"]
        tokens = self.ask("POST", prefix + "/oauth/access",
                          {"grant_type": "authorization_code", "code": code, **app})
        for _ in range(self.random.randrange(5, 40)):
            if over.is_set():
                return
            self.random.choice([self.mint, self.refresh, self.call_api, self.fault, self.wire_fault,
                                self.pass_time, self.look, self.expire, self.big_request])(
                prefix, control, app, world, tokens)
        self.ask("DELETE", control + "/faults")
        if not self.own_worlds and self.random.random() < 0.1:
            self.ask("POST", control + "/reset")

    def mint(self, prefix, control, app, world, tokens):
        self.ask("POST", prefix + "/oauth2/token", {
            "grant_type": "client_credentials", "instance_id": world["instance_id"], **app})

    def refresh(self, prefix, control, app, world, tokens):
        tokens.update(self.ask("POST", prefix + "/oauth/access", {
            "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **app}))

    def call_api(self, prefix, control, app, world, tokens):
        self.ask("GET", prefix + "/apps/v1/instance",
                 headers={"Authorization": tokens["access_token"]}, expect=(200, 401))

    def fault(self, prefix, control, app, world, tokens):
        self.ask("POST", control + "/faults", {
            "on": {"route": "GET /conformance/probe"}, "do": {"fault": "html"}})
        self.ask("GET", prefix + "/conformance/probe", expect=(502,))

    def wire_fault(self, prefix, control, app, world, tokens):
        fault = self.random.choice(WIRE_FAULTS)
        self.ask("POST", control + "/faults", {
            "on": {"route": "GET /conformance/probe"},
            "do": {"fault": fault, **({"max_ms": 5} if fault == "silence" else {})}})
        self.ask("GET", prefix + "/conformance/probe", expect=(None, 401))

    def pass_time(self, prefix, control, app, world, tokens):
        self.ask("POST", control + "/clock/advance", {"seconds": self.random.randrange(-60, 600)})

    def look(self, prefix, control, app, world, tokens):
        self.ask("GET", control + "/journal?wait_ms=5&count=100000&limit=20")
        self.ask("POST", control + "/journal/verify", {"expect": [{"status": 200, "at_least": 0}]})
        self.ask("PUT", control + "/snapshot", self.ask("GET", control + "/snapshot"))

    def expire(self, prefix, control, app, world, tokens):
        self.ask("POST", control + "/tokens/expire", {"token": tokens["access_token"]})

    def big_request(self, prefix, control, app, world, tokens):
        self.ask("POST", prefix + "/oauth2/token", {"grant_type": "x" * 100000}, expect=(400,))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def ended_early(fake, workers):
    """A sentence, where the fake is not there any more."""
    status = fake.poll()
    if status is None:
        return None
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
    asked = sum(worker.asked for worker in workers)
    return f"the fake {how} by itself, after {asked} requests; its last words are above"


def watch(fake, workers):
    """Resident memory after the warm-up, and the most of it afterwards."""
    began, step = time.monotonic(), SECONDS / 20
    base = most = 0
    for i in range(1, 21):
        over.wait(max(0, began + i * step - time.monotonic()))
        if over.is_set() or fake.poll() is not None:
            break
        now = resident_kib(fake.pid)
        print(f"soak: {i * step:5.1f} s {sum(worker.asked for worker in workers):8d} requests "
              f"{now / 1024:6.1f} MiB", flush=True)
        if i / 20 <= WARM_UP:
            base = max(base, now)
        most = max(most, now)
    return base, most


def main():
    fake = subprocess.Popen(
        [FAKEWIX, "serve", "--quiet", "--lint", "off", "--listen", "127.0.0.1:0", "--workers", "16",
         "--stop-with-stdin",
         "--max-worlds", str(WORLDS_MAX), "--journal", str(JOURNAL_MAX)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    url = json.loads(fake.stdout.readline())["http"]
    workers = [Worker(url, seed, own_worlds=seed > 0) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    base, most = watch(fake, workers)
    over.set()
    for worker in workers:
        worker.join(60 * PATIENCE)
    early = ended_early(fake, workers)
    problems = [early] if early else []
    problems += [str(worker.problem) for worker in workers if worker.problem]
    if not early:
        fake.terminate()
        status = fake.wait(30 * PATIENCE)
        problems += [f"the fake ended with {status} when it was told to"] if status else []
    if most > base + GROWTH_MAX_KIB and not SANITIZED:
        problems.append(f"memory grew from {base} to {most} KiB")
    for problem in problems:
        print(f"soak: {problem}")
    return 1 if problems else 0


over = threading.Event()
if __name__ == "__main__":
    sys.exit(main())
