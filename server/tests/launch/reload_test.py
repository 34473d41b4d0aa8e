#!/usr/bin/env python3
"""Configs read again and judged: SIGHUP, PUT /_fakewix/config and `fakewix validate`.

usage: reload_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
from fakes import APP, DEFAULT, FAKEWIX, INSTANCE, PATIENCE, Case, environment  # noqa: E402


def ask(method, url, body=None):
    """Status and JSON of one call."""
    request = urllib.request.Request(url, method=method, headers={
        "Content-Type": "application/json"}, data=None if body is None else body.encode())
    try:
        with urllib.request.urlopen(request, timeout=10 * PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


class Configs(Case):
    def write(self, config, name="config.json"):
        file = self.folder / name
        file.write_text(config if isinstance(config, str) else json.dumps(config))
        return str(file)


class Reload(Configs):
    def serve(self, *options):
        """A fake whose stderr can be read; gives the process and its control URL."""
        process = subprocess.Popen([FAKEWIX, "serve", "--quiet", "--listen", "127.0.0.1:0", *options],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=environment())
        self.addCleanup(process.communicate, timeout=30 * PATIENCE)
        self.addCleanup(process.terminate)
        return process, json.loads(process.stdout.readline())["control"]

    def hang_up(self, process):
        """SIGHUP, and the one line that comes of it."""
        process.send_signal(signal.SIGHUP)
        return process.stderr.readline().rstrip("\n")

    def names(self, control):
        return [app["name"] for app in ask("GET", control + "/apps")[1]["apps"]]

    def test_sighup_reads_the_files_again(self):
        more = {"apps": [{"app_id": "second", "app_secret": "s", "name": "Second"}]}
        first, second = self.write(DEFAULT, "a.json"), self.write(more, "b.json")
        process, control = self.serve("--config", first, "--config", second)
        install = {"app_id": APP["app_id"], "site_id": INSTANCE["site_id"]}
        code = ask("POST", control + "/installs", json.dumps(install))[1]["code"]
        self.write({**DEFAULT, "apps": [{**APP, "name": "Renamed"}]}, "a.json")
        self.write({}, "b.json")
        self.assertIn("the config was read again", self.hang_up(process))
        self.assertEqual(self.names(control), ["Renamed"])
        status, _ = ask("POST", control.replace("_fakewix", "oauth/access"), json.dumps({
            "grant_type": "authorization_code", "client_id": APP["app_id"],
            "client_secret": APP["app_secret"], "code": code}))
        self.assertEqual(status, 200, "a code from before the reload is good")

    def test_bad_files_are_one_line_and_change_nothing(self):
        file = self.write(DEFAULT)
        process, control = self.serve("--config", file)
        _, before = ask("GET", control + "/snapshot")
        bad = {"not JSON": "{", "an unknown key": {"aps": []}, "a list": [],
               "a second problem further on": {"apps": [{"app_id": "x"}, {"app_id": "y"}]}}
        for title, config in bad.items():
            with self.subTest(title):
                self.write(config)
                line = self.hang_up(process)
                self.assertTrue(line.startswith("fakewix: SIGHUP: "), line)
                self.assertIn(file, line)
                self.assertTrue(line.endswith("; the old config stays"), line)
                self.assertEqual(ask("GET", control + "/snapshot"), (200, before))
        self.write(DEFAULT)
        self.assertIn("read again", self.hang_up(process))
        self.assertEqual(ask("GET", control + "/snapshot"), (200, before))

    def test_sighup_without_config_says_so(self):
        process, control = self.serve()
        self.assertIn("there is no --config file", self.hang_up(process))
        self.assertEqual(ask("GET", control + "/health")[0], 200)

    def test_put_config_is_the_same_and_whole(self):
        _, control = self.serve()
        bad = {"apps": [APP, {"app_id": "second"}], "lifetimes": {"code_s": 60}}
        status, answer = ask("PUT", control + "/config", json.dumps(bad))
        self.assertEqual(status, 400)
        self.assertIn("apps[1].app_secret: is missing", answer["message"])
        self.assertEqual(ask("GET", control + "/config")[1]["lifetimes"]["code_s"], 600)
        bad["apps"][1]["app_secret"] = "s"
        status, answer = ask("PUT", control + "/config", json.dumps(bad))
        self.assertEqual((status, answer["lifetimes"]["code_s"]), (200, 60))


class Validate(Configs):
    def validate(self, *files):
        return subprocess.run([FAKEWIX, "validate", *files], capture_output=True, text=True,
                              timeout=30 * PATIENCE, env=environment())

    def test_a_sound_file_is_silent(self):
        done = self.validate(self.write(DEFAULT))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_all_problems_of_all_files_at_once(self):
        bad = self.write({"app": [], "apps": [{"app_id": "a", "app_url": "http://example.com/"}],
                          "lifetimes": {"code_s": "ten"}}, "bad.json")
        broken = self.write("{\n  \"apps\": [", "broken.json")
        good = self.write(DEFAULT)
        missing = str(self.folder / "missing.json")
        done = self.validate(bad, broken, good, missing)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        lines = done.stderr.splitlines()
        wanted = [f'{bad}: app: this key is not known; did you mean "apps"?',
                  f"{bad}: apps[0].app_secret: is missing",
                  f"{bad}: lifetimes.code_s: must be", f"warning: {bad}: apps[0].app_url: ",
                  f"{broken}: ", f"{missing}: cannot be read: "]
        for start in wanted:
            self.assertTrue([line for line in lines if line.startswith(start)],
                            f"{start} is not in {done.stderr}")
        self.assertEqual(len(lines), len(wanted), done.stderr)

    def test_files_are_judged_together(self):
        apps = {"apps": DEFAULT["apps"], "sites": DEFAULT["sites"]}
        rest = {"instances": DEFAULT["instances"]}
        halves = self.write(apps, "apps.json"), self.write(rest, "rest.json")
        done = self.validate(*halves)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = self.validate(halves[1])
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"{halves[1]}: instances[0].app_id: ", done.stderr)
        self.assertIn(f"{halves[1]}: instances[0].site_id: ", done.stderr)
        done = self.validate(halves[0], halves[0])
        self.assertEqual(done.returncode, 2)
        self.assertIn("the config files together: apps[1].app_id: ", done.stderr)

    def test_a_warning_is_no_failure(self):
        odd = {**DEFAULT, "apps": [{**APP, "app_url": "http://example.com/"}]}
        done = self.validate(self.write(odd))
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stderr.startswith("warning: "), done.stderr)

    def test_a_whole_without_an_app_is_told(self):
        sites = self.write({"sites": DEFAULT["sites"]}, "sites.json")
        done = self.validate(sites)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, f"warning: {sites}: apps: there are none, and so nobody who "
                                      "could ask for a token\n")
        done = self.validate(sites, self.write({"apps": DEFAULT["apps"]}, "apps.json"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_no_file_is_a_usage_error(self):
        done = self.validate()
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage: fakewix validate FILE", done.stderr)


if __name__ == "__main__":
    unittest.main()
