#!/usr/bin/env python3
"""--state outlives kill -9: between any two requests, and in the middle of a load.

usage: crash_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
FAKEWIX_LONG=1 kills many more times.
"""
import http.client
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import unittest
import urllib.parse

sys.dont_write_bytecode = True
from fakes import (APP, Case, DEFAULT, FAKEWIX, INSTANCE, PATIENCE, environment)  # noqa: E402

LONG = bool(os.environ.get("FAKEWIX_LONG"))
SITE = DEFAULT["sites"][0]["site_id"]
CLIENT = {"client_id": APP["app_id"], "client_secret": APP["app_secret"]}


class Fake:
    """A fake on a state file, to be killed and started again."""

    def __init__(self, state, *options):
        self.command = [FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0", "--state",
                        str(state), *options]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, env=environment())
        ready = json.loads(self.process.stdout.readline())
        self.address = urllib.parse.urlsplit(ready["http"]).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=10 * PATIENCE)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.connection.close()

    def restart(self):
        self.kill()
        self.start()

    def ask(self, method, path, body=None, headers=None, connection=None):
        connection = connection or self.connection
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text,
                           {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def exchange(self, code, connection=None):
        return self.ask("POST", "/oauth/access", {"grant_type": "authorization_code", "code": code,
                                                  **CLIENT}, connection=connection)

    def refresh(self, token):
        return self.ask("POST", "/oauth/access", {"grant_type": "refresh_token",
                                                  "refresh_token": token, **CLIENT})

    def probe(self, token):
        return self.ask("GET", "/conformance/probe", headers={"Authorization": token})[0]

    def install(self, site=SITE, world=""):
        status, answer = self.ask("POST", f"/_fakewix{world}/installs",
                                  {"app_id": APP["app_id"], "site_id": site})
        assert status == 201, answer
        return answer

    def now_ms(self, world=""):
        return self.ask("GET", f"/_fakewix{world}/clock")[1]["now_ms"]


class Crash(Case):
    def fake(self, *options):
        fake = Fake(self.folder / "state.db", *options)
        self.addCleanup(fake.kill)
        return fake

    def test_what_was_answered_stays_so(self):
        """One request, one kill, and after each everything that was answered before still holds."""
        fake = self.fake("--seed", "7", "--clock", "2030-01-01T00:00:00Z!")
        facts = []  # functions that check what has become true

        def holds(check, *expected):
            facts.append((check, expected))

        def step(*arguments, **more):
            status, answer = fake.ask(*arguments, **more)
            self.assertLess(status, 300, (arguments, answer))
            fake.restart()
            for check, expected in facts:
                self.assertIn(check(), expected)
            return answer

        code = fake.install()["code"]
        fake.restart()
        tokens = step("POST", "/oauth/access", {"grant_type": "authorization_code", "code": code,
                                                **CLIENT})
        holds(lambda: fake.exchange(code)[0], 400)
        holds(lambda: fake.refresh(tokens["refresh_token"])[0], 200)
        holds(lambda: fake.probe(tokens["access_token"]), 200)
        holds(fake.now_ms, 1893456000000)
        kept_code = step("POST", "/_fakewix/installs", {"app_id": APP["app_id"], "site_id": SITE})
        facts.pop()
        step("POST", "/_fakewix/clock/advance", {"seconds": 10})
        holds(fake.now_ms, 1893456010000)
        step("PUT", "/_fakewix/profile", {"bad_secret_status": 400})
        holds(lambda: fake.ask("GET", "/_fakewix/profile")[1]["bad_secret_status"], "400")
        step("PUT", "/_fakewix/lifetimes", {"code_s": 1234})
        holds(lambda: fake.ask("GET", "/_fakewix/lifetimes")[1]["code_s"], 1234)
        step("POST", "/_fakewix/apps", {"app_id": "second", "app_secret": "s2"})
        holds(lambda: len(fake.ask("GET", "/_fakewix/apps")[1]["apps"]), 2)
        step("POST", "/_fakewix/apps", {**APP, "name": "Renamed"})
        holds(lambda: fake.ask("GET", "/_fakewix/apps")[1]["apps"][0]["name"], "Renamed")
        step("POST", "/_fakewix/sites", {"site_id": "s2"})
        second = step("POST", "/_fakewix/installs", {"app_id": APP["app_id"], "site_id": "s2"})
        self.assertNotEqual(second["instance_id"], INSTANCE["instance_id"])
        step("POST", "/_fakewix/sites", {"site_id": "s3"})
        third = step("POST", "/_fakewix/installs", {"app_id": APP["app_id"], "site_id": "s3"})
        self.assertNotEqual(second["instance_id"], third["instance_id"])
        holds(lambda: len(fake.ask("GET", "/_fakewix/instances")[1]["instances"]), 3)
        other = step("POST", "/oauth/access", {"grant_type": "authorization_code",
                                               "code": second["code"], **CLIENT})
        step("POST", f"/_fakewix/instances/{second['instance_id']}/uninstall")
        holds(lambda: fake.refresh(other["refresh_token"])[0], 400)
        holds(lambda: fake.probe(other["access_token"]), 401)
        world = step("POST", "/_fakewix/worlds", {
            "world": "w", "seed": 5, "clock": {"now": "2040-01-01T00:00:00Z", "mode": "frozen"}})
        holds(lambda: fake.now_ms("/worlds/w"), 2208988800000)
        holds(lambda: fake.ask("POST", "/oauth2/token", {
            "grant_type": "client_credentials", "client_id": world["app_id"],
            "client_secret": world["app_secret"], "instance_id": world["instance_id"]})[0], 200)
        step("POST", "/_fakewix/worlds", {"world": "short"})
        step("DELETE", "/_fakewix/worlds/short")
        holds(lambda: fake.ask("GET", "/_fakewix/worlds/short/clock")[0], 404)
        facts[:] = [fact for fact in facts if fact[1] != (200,)]
        step("POST", "/_fakewix/tokens/expire", {"token": tokens["access_token"]})
        holds(lambda: fake.probe(tokens["access_token"]), 401)
        holds(lambda: fake.refresh(tokens["refresh_token"])[0], 200)
        facts.pop()
        step("POST", "/_fakewix/tokens/revoke", {"token": tokens["refresh_token"]})
        holds(lambda: fake.refresh(tokens["refresh_token"])[0], 400)
        step("POST", "/_fakewix/installs", {"app_id": APP["app_id"], "site_id": SITE})
        self.assertEqual(fake.exchange(kept_code["code"])[0], 200)

    def test_reset_after_a_crash_goes_back_to_the_start(self):
        fake = self.fake("--seed", "7")
        body = {"world": "w", "clock": {"now": "2040-01-01T00:00:00Z", "mode": "frozen"}}
        made = fake.ask("POST", "/_fakewix/worlds", body)[1]
        fake.ask("POST", "/_fakewix/worlds/w/clock/advance", {"seconds": 5})
        fake.restart()
        self.assertEqual(fake.now_ms("/worlds/w"), 2208988805000)
        self.assertEqual(fake.ask("POST", "/_fakewix/worlds/w/reset")[0], 200)
        fake.restart()
        self.assertEqual(fake.now_ms("/worlds/w"), 2208988800000)
        apps = fake.ask("GET", "/_fakewix/worlds/w/apps")[1]["apps"]
        self.assertEqual([app["app_id"] for app in apps], [made["app_id"]])

    def test_running_clock_keeps_its_offset(self):
        fake = self.fake()
        fake.ask("POST", "/_fakewix/clock/advance", {"seconds": 86400})
        before = fake.now_ms()
        fake.restart()
        self.assertGreaterEqual(fake.now_ms(), before)
        self.assertLess(fake.now_ms() - before, 60000)

    def test_config_updates_and_never_doubles(self):
        config = self.folder / "config.json"
        config.write_text(json.dumps({**DEFAULT, "apps": [{**APP, "app_secret": "new"}]}))
        fake = self.fake()
        fake.install()
        fake.command += ["--config", str(config)]
        fake.restart()
        apps = fake.ask("GET", "/_fakewix/apps")[1]["apps"]
        self.assertEqual([app["app_secret"] for app in apps], ["new"])
        self.assertEqual(len(fake.ask("GET", "/_fakewix/instances")[1]["instances"]), 1)

    def test_kill_in_the_middle_of_a_load(self):
        """Codes are redeemed by several clients while the process is killed: none works twice."""
        rolls = random.Random(1)
        fake = self.fake()
        for _ in range(100 if LONG else 4):
            codes = [fake.install()["code"] for _ in range(60)]
            taken = {}

            def redeem(mine):
                connection = http.client.HTTPConnection(fake.address, timeout=10 * PATIENCE)
                for code in mine:
                    try:
                        status, answer = fake.exchange(code, connection)
                    except (OSError, http.client.HTTPException):
                        return
                    taken[code] = (status, answer)
                connection.close()

            threads = [threading.Thread(target=redeem, args=(codes[i::3],)) for i in range(3)]
            for thread in threads:
                thread.start()
            wanted = rolls.randrange(1, 50)
            while len(taken) < wanted and any(thread.is_alive() for thread in threads):
                threads[0].join(0.001)
            fake.kill()
            for thread in threads:
                thread.join()
            fake.start()
            for code, (status, answer) in taken.items():
                self.assertEqual(status, 200)
                self.assertEqual(fake.exchange(code)[0], 400)
                self.assertEqual(fake.refresh(answer["refresh_token"])[0], 200)
            lost = [code for code in codes if code not in taken]
            outcomes = [fake.exchange(code)[0] for code in lost]
            # At most the three in flight were spent without an answer.
            self.assertLessEqual(outcomes.count(400), 3)


class BadState(Case):
    def refused(self, state):
        process = subprocess.run([FAKEWIX, "serve", "--listen", "127.0.0.1:0", "--state",
                                  str(state)], capture_output=True, text=True, timeout=10 * PATIENCE,
                                 env=environment())
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertEqual(process.stdout, "")
        self.assertEqual(process.stderr.count("\n"), 1, process.stderr)
        self.assertIn(f"--state {state}", process.stderr)
        return process.stderr

    def test_newer_schema(self):
        path = self.folder / "new.db"
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version=99")
        database.close()
        self.assertIn("newer fakewix (schema 99", self.refused(path))

    def test_garbage(self):
        path = self.folder / "garbage"
        path.write_bytes(os.urandom(50000))
        self.assertIn("give a file that fakewix made", self.refused(path))
        self.assertEqual(path.stat().st_size, 50000)

    def test_no_directory(self):
        self.assertIn("check that the directory exists", self.refused(self.folder / "no" / "s.db"))

    def test_a_directory(self):
        self.refused(self.folder)

    @unittest.skipIf(os.geteuid() == 0, "root writes everywhere")
    def test_read_only_directory(self):
        self.folder.chmod(0o500)
        self.addCleanup(self.folder.chmod, 0o700)
        self.assertIn("writable", self.refused(self.folder / "s.db"))

    def test_read_only_file(self):
        """/proc cannot be written to by root either."""
        self.refused("/proc/self/environ/s.db")
        self.refused("/proc/version")

    def test_state_in_use(self):
        path = self.folder / "s.db"
        fake = Fake(path)
        self.addCleanup(fake.kill)
        self.assertIn("in use", self.refused(path))


if __name__ == "__main__":
    unittest.main()
