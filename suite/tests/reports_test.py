#!/usr/bin/env python3
"""What fakewix-conform leaves behind: reports, wires, known failures, the last run.

usage: reports_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import os
import pathlib
import re
import subprocess
import unittest
import xml.etree.ElementTree as xml

from judged import CLIENT, CONFORM, PATIENCE, Folder, conform, run


class Trace(Folder):
    def test_the_wire_is_written_without_secrets(self):
        seen = self.file("seen")
        folder = pathlib.Path(self.folder.name) / "wires"
        client = f"env | grep -E '^WIX_(APP_SECRET|REFRESH_TOKEN)=' >>'{seen}'; exec {CLIENT}"
        result = run(client, "--only", "REF-04", "--only", "SEC-09", "--trace", str(folder))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        secrets = [line.split("=", 1)[1] for line in pathlib.Path(seen).read_text().splitlines()]
        self.assertGreaterEqual(len(secrets), 4)
        names = {"REF-04", "SEC-09.token", "SEC-09.api", "SEC-09.refresh"}
        self.assertEqual({file.name for file in folder.iterdir()},
                         {name + end for name in names for end in (".har", ".ndjson")})
        for file in folder.iterdir():
            for secret in secrets:
                self.assertNotIn(secret, file.read_text(), file.name)
        lines = [json.loads(line) for line in (folder / "REF-04.ndjson").read_text().splitlines()]
        entries = json.loads((folder / "REF-04.har").read_text())["log"]["entries"]
        self.assertEqual(len(lines), 8)
        self.assertEqual([entry["request"]["method"] for entry in entries],
                         [line["method"] for line in lines])

    def test_faults_and_what_came_early_are_named(self):
        folder = pathlib.Path(self.folder.name) / "wires"
        result = run(CLIENT, "--only", "NET-14", "--trace", "-")
        self.assertIn("-> 103 -> 200 <access#1> (fault: interim status=103)", result.stdout)
        run(CLIENT, "--only", "NET-14", "--trace", str(folder))
        line = json.loads((folder / "NET-14.103.ndjson").read_text().splitlines()[0])
        self.assertEqual((line["interim_status"], line["faults"]), (103, ["interim status=103"]))
        entry = json.loads((folder / "NET-14.103.har").read_text())["log"]["entries"][0]
        self.assertEqual(entry["_fakewix"]["interim_status"], 103)

    def test_the_wire_is_printed(self):
        result = run(CLIENT, "--only", "REF-04", "--trace", "-")
        self.assertIn("#8 ", result.stdout)
        self.assertIn("grant=refresh_token with <refresh#1>", result.stdout)

    def test_a_folder_that_cannot_be_is_a_sentence(self):
        result = run(CLIENT, "--only", "REF-04", "--trace", self.file("x") + "/y")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--trace", result.stderr)


class KnownFailures(Folder):
    BUGGY = CLIENT + " --bug=secret_in_uri"

    def test_what_is_known_does_not_fail_the_run(self):
        known = self.file("known.txt", "# ours\nACQ-03  # https://example.org/1\n")
        result = run(self.BUGGY, "--only", "ACQ-*", "--known-failing", known)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("https://example.org/1", result.stdout)
        self.assertIn("1 known", result.stdout)

    def test_an_entry_that_passes_is_stale(self):
        known = self.file("known.txt", "ACQ-03\n")
        result = run(CLIENT, "--only", "ACQ-*", "--known-failing", known)
        self.assertEqual(result.returncode, 1)
        self.assertIn('known.txt:1: "ACQ-03" passes now', result.stdout)

    def test_an_entry_for_what_did_not_run_is_left_alone(self):
        known = self.file("known.txt", "ACQ-03\n")
        self.assertEqual(run(CLIENT, "--only", "ACQ-01", "--known-failing", known).returncode, 0)

    def test_an_entry_for_nothing_is_a_mistake(self):
        result = run(CLIENT, "--known-failing", self.file("known.txt", "ACQ-01\nACQ-99\n"))
        self.assertEqual(result.returncode, 2)
        self.assertIn("known.txt:2:", result.stderr)


class Reports(Folder):
    def test_reports_agree_and_hold_no_secret(self):
        junit, report = self.file("j.xml"), self.file("r.json")
        client = f"echo $WIX_APP_SECRET >&2; exec {CLIENT} --bug=secret_in_uri"
        result = run(client, "--jobs", "4", "--junit", junit, "--json", report)
        self.assertEqual(result.returncode, 1)
        suite = xml.parse(junit).getroot().find("testsuite")
        data = json.loads(pathlib.Path(report).read_text())
        self.assertEqual(len(suite.findall("testcase")), len(data["scenarios"]))
        self.assertEqual(suite.get("failures"), str(data["summary"]["fail"]))
        self.assertEqual(len(suite.findall("testcase/failure")), data["summary"]["fail"])
        self.assertEqual(data["schema"], 1)
        self.assertEqual(sum(data["summary"][key] for key in
                             ("pass", "info", "na", "warn", "inconclusive", "fail", "error")),
                         len(data["scenarios"]))
        for row in data["scenarios"]:
            self.assertIn(row["verdict"], ("PASS", "INFO", "N/A", "WARN", "INCONCLUSIVE", "FAIL"))
            for check in row["checks"]:
                self.assertLessEqual({"id", "verdict", "requirement", "expected", "seen", "source"},
                                     set(check))
        text = result.stdout + pathlib.Path(junit).read_text() + pathlib.Path(report).read_text()
        self.assertNotIn("OauthNG.JWS.", text)
        self.assertNotIn("OAUTH2.", text)
        self.assertIn("<app-secret>", result.stdout)

    def test_verdicts_do_not_depend_on_jobs(self):
        verdicts = []
        for jobs in ("1", "8"):
            report = self.file(f"{jobs}.json")
            run(CLIENT + " --bug=no_refresh_on_401", "--jobs", jobs, "--json", report)
            data = json.loads(pathlib.Path(report).read_text())
            verdicts.append([(row["id"], row["verdict"]) for row in data["scenarios"]])
        self.assertEqual(*verdicts)

    def test_a_report_that_cannot_be_written_is_said_before_the_run(self):
        result = run(CLIENT, "--only", "ACQ-01", "--json", self.folder.name + "/no/such/r.json")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("cannot be written", result.stderr)

    def test_colour_is_asked_for(self):
        self.assertNotIn("\033", run(CLIENT, "--only", "ACQ-01").stdout)
        self.assertIn("\033", run(CLIENT, "--only", "ACQ-01", "--colour", "always").stdout)


class MoreReports(Folder):
    BROKEN = f"{CLIENT} --bug=retry_with_old_token"

    def test_tap_has_a_line_for_each_scenario(self):
        tap = self.file("report.tap")
        result = run(self.BROKEN, "--only", "REF-0*", "--tap", tap, "--jobs", "4")
        self.assertEqual(result.returncode, 1)
        lines = pathlib.Path(tap).read_text().splitlines()
        self.assertEqual(lines[0], "TAP version 14")
        plan = int(lines[1].removeprefix("1.."))
        self.assertEqual(sum(line.startswith(("ok ", "not ok ")) for line in lines), plan)
        self.assertTrue(any(line.startswith("not ok ") and "REF-02" in line for line in lines))

    def test_the_page_shows_rule_and_wire_and_no_secret(self):
        page, report = self.file("report.html"), self.file("report.json")
        run(self.BROKEN, "--only", "REF-02", "--html", page, "--json", report)
        text = pathlib.Path(page).read_text()
        for part in ["REF-02", "expected", "GET /conformance/probe", "--only REF-02"]:
            self.assertIn(part, text)
        for forbidden in ["<script", "http://", "OAUTH2.", "OauthNG."]:
            self.assertNotIn(forbidden, text)

    def test_a_client_cannot_write_into_the_page(self):
        page = self.file("report.html")
        run("echo '<script>alert(1)</script>' >&2; exit 1", "--only", "ACQ-01", "--html", page)
        self.assertNotIn("<script", pathlib.Path(page).read_text())

    def test_the_badge_counts(self):
        badge = self.file("badge.json")
        run(self.BROKEN, "--only", "REF-02", "--badge", badge)
        shown = json.loads(pathlib.Path(badge).read_text())
        self.assertEqual((shown["schemaVersion"], shown["message"], shown["color"]),
                         (1, "1 of 1 failed", "red"))

    def test_github_gets_annotations_and_a_summary(self):
        summary = self.file("summary.md", "before\n")
        result = run(self.BROKEN, "--only", "REF-02",
                     env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary})
        self.assertIn("::error title=REF-02", result.stdout)
        text = pathlib.Path(summary).read_text()
        self.assertTrue(text.startswith("before\n"))
        self.assertIn("| REF-02 ", text)

    def test_two_runs_are_compared(self):
        good, bad = self.file("good.json"), self.file("bad.json")
        run(CLIENT, "--only", "REF-02", "--json", good)
        run(self.BROKEN, "--only", "REF-02", "--json", bad)
        worse = conform("diff", good, bad)
        self.assertEqual(worse.returncode, 1)
        self.assertRegex(worse.stdout, r"- REF-02 .*PASS -> FAIL")
        self.assertEqual(conform("diff", bad, good).returncode, 0)
        self.assertEqual(conform("diff", good, self.file("no.json", "{}")).returncode, 2)
        self.assertEqual(conform("diff", good).returncode, 2)
        broken = self.file("broken.json", "{,")
        self.assertIn(f"{broken} is not JSON", conform("diff", good, broken).stderr)

    def test_what_only_one_run_has_is_a_line(self):
        few, many = self.file("few.json"), self.file("many.json")
        run(CLIENT, "--only", "ACQ-01", "--only", "API-03", "--json", few)
        run(CLIENT, "--only", "ACQ-0*", "--json", many)
        result = conform("diff", few, many)
        self.assertEqual((result.returncode, result.stdout.count("\n")), (0, 3), result.stdout)
        self.assertIn(f"only in {few}: API-03\n", result.stdout)
        self.assertIn("1 the same; 1 only before, 8 only after\n", result.stdout)

    def test_what_failed_is_tried_again(self):
        env = {"XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        none = conform("rerun", env=env)
        self.assertEqual(none.returncode, 2)
        self.assertIn(env["XDG_CACHE_HOME"], none.stderr)
        run(self.BROKEN, "--only", "REF-02", "--only", "ACQ-01", env=env)
        again = conform("rerun", env=env)
        self.assertEqual(again.returncode, 1)
        self.assertIn("REF-02", again.stdout)
        self.assertNotIn("ACQ-01", again.stdout)
        other = conform("rerun", "--only", "ACQ-02", env=env)
        self.assertEqual(other.returncode, 3, other.stdout)
        self.assertIn("not tried     1 of what the run before left to try", other.stdout)
        self.assertIn("REF-02", conform("rerun", env=env).stdout)

    def test_a_narrow_run_forgets_nothing_that_is_open(self):
        env = {"XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        run(self.BROKEN, "--only", "REF-02", "--only", "ACQ-01", env=env)
        narrow = run(self.BROKEN, "--quick", "--only", "ACQ-02", env=env)
        self.assertEqual(narrow.returncode, 0, narrow.stdout)
        self.assertIn("not tried     1 of what the run before left to try", narrow.stdout)
        again = conform("rerun", env=env)
        self.assertIn("REF-02", again.stdout)
        self.assertNotIn("--quick", again.stderr)
        other = run(CLIENT, "--only", "ACQ-02", env=env)
        self.assertNotIn("left to try", other.stdout)
        self.assertIn("nothing failed", conform("rerun", env=env).stdout)

    def test_a_narrow_run_says_what_it_leaves_out(self):
        reports = {name: pathlib.Path(self.folder.name) / name for name in ("json", "junit", "tap", "html")}
        options = [word for name, path in reports.items() for word in (f"--{name}", path)]
        summary = self.file("summary.md")
        narrow = run(CLIENT, "--only", "ACQ-0*", *options, env={
            "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary,
            "XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")})
        report = json.loads(reports["json"].read_text())
        n_all = len(json.loads(conform("list", "--json").stdout)["scenarios"])
        n_out = n_all - len(report["scenarios"])
        self.assertEqual((report["left_out"], report["not_tried"]), (n_out, 0))
        sentence = f"{n_out} of {n_all} scenarios"
        self.assertRegex(narrow.stdout, f"left out +{sentence}; all: fakewix-conform run --command ")
        for text in [report["remarks"], pathlib.Path(summary).read_text(),
                     *(path.read_text() for name, path in reports.items() if name != "json")]:
            self.assertIn(f"{sentence} were left out; all of them: fakewix-conform run --command", text)

    def test_what_was_not_tried_is_tried_again_and_not_forgotten(self):
        env = {"XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        mended = pathlib.Path(self.folder.name) / "mended"
        client = f"[ -e '{mended}' ] || [ $CONFORM_SCENARIO != refresh/after-401 ] || exit 1; exec {CLIENT}"
        first = run(client, "--only", "REF-01", "--only", "REF-02", "--only", "REF-03", env=env)
        self.assertIn("not tried, because REF-01", first.stdout)
        self.assertRegex(first.stdout, r"rerun \(with the \d that w.* not tried\)")
        mended.touch()
        part = conform("rerun", "--only", "REF-01", env=env)
        self.assertEqual(part.returncode, 3, part.stdout)
        self.assertNotIn(": conformant", part.stdout)
        rest = conform("rerun", "--verbose", env=env)
        self.assertEqual(rest.returncode, 0, rest.stdout)
        self.assertIn("REF-0", rest.stdout)
        self.assertNotIn("REF-01", rest.stdout)
        self.assertIn("nothing failed in the last run", conform("rerun", env=env).stdout)

    def test_an_interrupted_run_is_ended_by_a_rerun(self):
        env = {"XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        mended, pid = (pathlib.Path(self.folder.name) / name for name in ("mended", "pid"))
        judge = (f"[ -e '{mended}' ] || kill -INT $(cat '{pid}'); exec {CLIENT}", "--only", "ACQ-0*",
                 "--json", str(pathlib.Path(self.folder.name) / "r.json"))
        script = f"echo $$ >'{pid}'; exec '{CONFORM}' run --jobs 1 --command \"$@\""
        cut = subprocess.run(["sh", "-c", script, "sh", *judge], env={**os.environ, **env}, text=True,
                             capture_output=True, timeout=120 * PATIENCE)
        self.assertEqual(cut.returncode, 130, cut.stderr)
        self.assertRegex(cut.stdout, r"rerun \(.*not tried\)")
        report = json.loads(pathlib.Path(self.folder.name, "r.json").read_text())
        self.assertRegex(report["remarks"], rf"^{report['not_tried']} scenarios were not tried, because the "
                         "run was interrupted; to go on, here: fakewix-conform rerun\n")
        mended.touch()
        rest = conform("rerun", env=env)
        self.assertEqual(rest.returncode, 0, rest.stdout)
        self.assertGreater(int(re.search(r"(\d+) pass", rest.stdout)[1]), 5, rest.stdout)

    def test_each_folder_has_a_last_run_of_its_own(self):
        env = {**os.environ, "XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        folders = [pathlib.Path(self.folder.name) / name for name in ("one", "two")]
        for folder, arguments in zip(folders, (["--only", "REF-02"], ["--only", "CCH-05"])):
            folder.mkdir()
            subprocess.run([CONFORM, "run", "--command", self.BROKEN, *arguments], cwd=folder, env=env,
                           capture_output=True, timeout=120 * PATIENCE)
        again = subprocess.run([CONFORM, "rerun", "--json=again.json", "--quiet"], cwd=folders[0], env=env,
                               capture_output=True, text=True, timeout=120 * PATIENCE)
        self.assertEqual(again.returncode, 1, again.stderr)
        codes = [row["code"] for row in json.loads((folders[0] / "again.json").read_text())["scenarios"]]
        self.assertEqual(codes, ["REF-02"])

    def test_what_could_not_be_said_is_tried_again_and_can_be_known(self):
        env = {"XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        client = CLIENT + " --bug=no_refresh_on_401"
        self.assertEqual(run(client, "--only", "REF-03", env=env).returncode, 3)
        known = self.file("known.txt")
        again = conform("rerun", "--write-known-failing", known, env=env)
        self.assertIn("REF-03", again.stdout)
        self.assertIn("inconclusive", pathlib.Path(known).read_text())
        self.assertEqual(run(client, "--only", "ref-03", "--known-failing", known).returncode, 0)
        self.assertEqual(run(CLIENT, "--only", "REF-03", "--known-failing", known).returncode, 1)

    def test_what_fails_is_written_down_and_then_known(self):
        known = self.file("known.txt")
        run(self.BROKEN, "--only", "REF-02", "--write-known-failing", known)
        self.assertEqual(run(self.BROKEN, "--only", "REF-02", "--known-failing", known).returncode, 0)
        self.assertEqual(run(CLIENT, "--only", "REF-02", "--known-failing", known).returncode, 1)
        self.assertEqual(run(CLIENT, "--only", "REF-02", "--known-flaky", known).returncode, 0)
        self.assertEqual(run(self.BROKEN, "--only", "REF-02", "--known-flaky", known).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
