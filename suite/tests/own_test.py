#!/usr/bin/env python3
"""Scenarios of one's own (--scenario-dir): mistakes in them are told with file, line and place, and
before any client starts.

usage: own_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from judged import CLIENT, CONFORM, PATIENCE, Folder, conform, run

SCENARIO = {
    "code": "MINE-1", "title": "mine", "requirement": "r", "why": "w", "source": "own", "level": "MUST",
    "steps": ["call"], "expect": {"client": "ok", "checks": ["api-answered"]},
}


class Own(Folder):
    def test_own_scenarios(self):
        self.file("own/mine.json", json.dumps(SCENARIO))
        result = run(CLIENT, "--scenario-dir", self.folder.name, "--only", "MINE-1")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("own/mine", result.stdout)

    def test_a_mistake_in_an_own_scenario_names_file_and_place(self):
        for change, sentence in (({"stpes": 1}, 'unknown key "stpes"'),
                                 ({"code": "ACQ-01"}, 'code "ACQ-01" is taken by'),
                                 ({"depends_on": ["ACQ_01"]}, 'depends_on names "ACQ_01"; did you mean "ACQ-01"?'),
                                 ({"fails_with": "X"}, 'fails_with names "X"'),
                                 ({"depends_on": ["MINE-1"]}, "depends_on leads in a circle")):
            with self.subTest(sentence):
                path = self.file("own/mine.json", json.dumps({**SCENARIO, **change}))
                result = conform("list", "--scenario-dir", self.folder.name)
                self.assertEqual(result.returncode, 2)
                self.assertIn(path, result.stderr)
                self.assertIn(sentence, result.stderr)

    def test_what_only_the_fake_would_notice_is_told_before_any_client_starts(self):
        started = self.file("started")
        os.unlink(started)
        fault = {"fault": "status", "on": "POST /oauth2/tokn", "status": "503"}
        given = {"faults": [fault, {"fault": "refuse", "on": "api", "refusal": "no-such"}],
                 "lifetimes": {"code": 3}, "profile": {"rate_limit": "often"}}
        own = self.file("own/mine.json", json.dumps({**SCENARIO, "given": given}, indent=1))
        other = self.file("own/other.json", json.dumps({**SCENARIO, "code": "MINE-2", "stpes": []}))
        result = run(f"touch '{started}'", "--scenario-dir", self.folder.name, "--only", "ACQ-01")
        self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
        self.assertTrue(result.stderr.startswith("fakewix-conform: 6 mistakes in scenarios:"))
        lines = pathlib.Path(own).read_text().splitlines()
        for place, line, sentence in (
                ("given.faults[0].on", '"on": "POST', "can fit no request"),
                ("given.faults[0].status", '"status": "503"', 'must be a status from 200 to 599, not "503"'),
                ("given.faults[1].refusal", '"refusal"', "must be one of the names that"),
                ("given.lifetimes.code", '"code": 3', 'did you mean "code_s"?'),
                ("given.profile.rate_limit", '"rate_limit"', "takes one of off|on")):
            number = 1 + next(n for n, text in enumerate(lines) if line in text)
            self.assertRegex(result.stderr, re.escape(f"{own}:{number}: {place} ") + ".*" +
                             re.escape(sentence))
        self.assertIn(f'{other}:1: has the unknown key "stpes"; did you mean "steps"?', result.stderr)
        self.assertFalse(os.path.exists(started))

    def test_no_choice_hides_a_mistake_in_an_own_scenario(self):
        refused = {"faults": [{"fault": "status", "on": "api", "status": "503"}]}
        for change, sentence in (({"stpes": []}, 'unknown key "stpes"'),
                                 ({"given": refused}, "given.faults[0].status must be a status")):
            own = self.file("own/mine.json", json.dumps({**SCENARIO, **change}))
            known = self.file("known", "MINE-1:client-answer\n")
            folder = ["--scenario-dir", self.folder.name]
            for arguments in (["run", "--only", "MINE-1"], ["run", "--only", "NO-SUCH"],
                              ["run", "--quick", "--only", "RAT-01"], ["run", "--known-failing", known],
                              ["list"], ["list", "--only", "ACQ-*"], ["explain", "MINE-1"]):
                with self.subTest(sentence=sentence, arguments=arguments):
                    result = conform(*arguments, *folder, env={"FAKEWIX_CONFORM_COMMAND": "exit 0"})
                    self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                    self.assertTrue(result.stderr.startswith(f"fakewix-conform: {own}:1: "), result.stderr)
                    self.assertIn(sentence, result.stderr)

    def test_own_scenarios_are_listed_where_there_is_no_fake_to_ask(self):
        self.file("own/mine.json", json.dumps(SCENARIO))
        alone = shutil.copy(CONFORM, self.folder.name)
        result = subprocess.run([alone, "list", "--scenario-dir", self.folder.name, "--only", "MINE-1"],
                                capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertEqual((result.returncode, result.stdout.count("\n")), (0, 1), result.stderr)
        self.assertIn("no fake was asked about your scenarios: no fakewix program was found", result.stderr)

    def test_what_the_fake_refuses_is_told_of_the_right_variant(self):
        variants = [7, {"name": "a", "given": {"lifetimes": {"code": 3}}}]
        own = self.file("own/mine.json", json.dumps({**SCENARIO, "variants": variants}))
        result = run("exit 0", "--scenario-dir", self.folder.name, "--only", "ACQ-01")
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"{own}:1: variants[0] must be an object", result.stderr)
        self.assertIn(f"{own}:1: variants[1].given.lifetimes.code ", result.stderr)

    def test_what_one_situation_asks_for_is_no_burden_for_the_next(self):
        given = {"lifetimes": {"oauth_access_token_s": 3, "next": 1}}
        for half in "ab":
            variants = [{"name": f"{half}{n}", "given": given} for n in range(501)]
            self.file(f"own/{half}.json", json.dumps({**SCENARIO, "code": f"MINE-{half}",
                                                      "variants": variants}))
        result = run(CLIENT, "--scenario-dir", self.folder.name, "--only", "ACQ-01")
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)

    def test_a_text_is_shortened_between_characters(self):
        for before in ("", "x"):
            fault = {"fault": "status", "on": "api", "status": 503, "body": before + "é" * 40}
            own = {**SCENARIO, "given": {"faults": [fault]}, "expect": {"client": "error"}}
            self.file("own/mine.json", json.dumps(own))
            report = os.path.join(self.folder.name, "report")
            result = run(CLIENT, "--scenario-dir", self.folder.name, "--only", "MINE-1", "--json", report)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("é…", pathlib.Path(report).read_bytes().decode())

    def test_a_need_the_run_lacks_is_not_applicable(self):
        self.file("own/mine.json", json.dumps({**SCENARIO, "needs": ["browser"]}))
        arguments = ("--scenario-dir", self.folder.name, "--only", "MINE-1")
        result = run(CLIENT, *arguments)
        self.assertEqual(result.returncode, 3)
        self.assertIn("browser", result.stdout)
        self.assertEqual(run(CLIENT, *arguments, "--caps", "browser").returncode, 0)

    def test_a_route_that_is_mistyped_is_told(self):
        good = {"fault": "delay", "on": "GET /apps/v1/instance", "ms": 5, "needed": 0}
        for change, place, meant in (
                ({"on": "GET /apps/v1/instnce"}, "on", "GET /apps/v1/instance"),
                ({"after": {"route": "GET /conformance/prob"}}, "after.route", "GET /conformance/probe"),
                ({"before": {"route": "GET /app/v1/instance"}}, "before.route", "GET /apps/v1/instance")):
            with self.subTest(change):
                given = {"faults": [{**good, **change}]}
                own = self.file("own/mine.json", json.dumps({**SCENARIO, "given": given}, indent=1))
                result = conform("list", "--scenario-dir", self.folder.name, "--only", "MINE-1")
                self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                self.assertRegex(result.stderr, re.escape(own) + r":\d+: given\.faults\[0\]\." +
                                 re.escape(place) + r' ".+" is no route that this fake knows: .*; '
                                 f'did you mean "{meant}"')
                self.assertNotIn(f"{own}:1:", result.stderr)

    def test_a_number_of_times_is_told_of_once(self):
        for times in 0, -1, "often":
            with self.subTest(times):
                given = {"faults": [{"fault": "delay", "on": "api", "ms": 5, "times": times}]}
                own = self.file("own/mine.json", json.dumps({**SCENARIO, "given": given}))
                result = conform("list", "--scenario-dir", self.folder.name)
                self.assertEqual(result.stderr, f"fakewix-conform: {own}:1: given.faults[0].times must be "
                                                'a whole number from 1 on, or "always"\n')

    def test_a_route_unlike_any_is_left_to_the_client(self):
        """Wix has more paths than the fake, and a pattern may fit several."""
        for route in "GET /members/v1/members/my", "GET /apps/v1/inst*", "* **":
            with self.subTest(route):
                given = {"faults": [{"fault": "delay", "on": route, "ms": 5, "needed": 0}]}
                self.file("own/mine.json", json.dumps({**SCENARIO, "given": given}))
                result = conform("list", "--scenario-dir", self.folder.name, "--only", "MINE-1")
                self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=1)
