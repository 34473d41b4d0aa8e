#!/usr/bin/env python3
"""fakewix-conform as its users meet it: exit codes, selections, reports, interruptions.

usage: conform_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
CONFORM = BIN / "fakewix-conform"
# Bounds of time are multiplied by this: instrumented programs are slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
CLIENT = f"'{BIN}/fakewix-reference-client'"
SCENARIOS = list((pathlib.Path(__file__).resolve().parents[2] / "fixtures/scenarios").glob("*/*.json"))
SCENARIO = {
    "code": "MINE-1", "title": "mine", "requirement": "r", "why": "w", "source": "own", "level": "MUST",
    "steps": ["call"], "expect": {"client": "ok", "checks": ["api-answered"]},
}


def conform(*arguments, env=None):
    return subprocess.run([CONFORM, *arguments], capture_output=True, text=True, timeout=120 * PATIENCE,
                          env={**os.environ, **(env or {})})


def run(command, *arguments, env=None):
    return conform("run", "--command", command, *arguments, env=env)


def children():
    """Number and parent of each fake that runs."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().split(b"\0")[0] == os.fsencode(BIN / "fakewix"):
                parent = int((entry.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
                yield entry.parent.name, parent
        except (OSError, ValueError):
            continue


def fakes_alive():
    return [pid for pid, parent in children() if parent == 1]


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text=""):
        path = pathlib.Path(self.folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)


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


class ExitStatus(Folder):
    def test_conformant_is_0(self):
        result = run(CLIENT, "--only", "ACQ-*")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("conformant", result.stdout)

    def test_a_broken_must_is_1(self):
        result = run(CLIENT + " --bug=secret_in_uri", "--only", "ACQ-03")
        self.assertEqual(result.returncode, 1)
        for part in ("rule ", "expected ", "seen ", "source ", "RFC 6749 section 2.3.1", "wire",
                     "again     fakewix-conform run --command", "--only ACQ-03"):
            self.assertIn(part, result.stdout)

    def test_a_warning_is_0_and_in_a_strict_run_1(self):
        client = CLIENT + " --bug=token_not_kept"
        self.assertEqual(run(client, "--only", "CCH-01").returncode, 0)
        self.assertEqual(run(client, "--only", "CCH-01", "--strict").returncode, 1)

    def test_an_unknown_language_is_told_the_known_ones(self):
        result = conform("init", "cobol")
        self.assertEqual(result.returncode, 2)
        self.assertIn("python, node, go, ruby, php, java, c, shell", result.stderr)

    def test_usage_is_2_and_one_sentence(self):
        for arguments in (["run"], ["run", "--command"], ["run", "--comand", "x"], ["dance"], [],
                          ["run", "--command", "true", "--jobs", "0"],
                          ["run", "--command", "true", "--only", "NO-SUCH"],
                          ["run", "--command", "true", "--caps", "wings"],
                          ["run", "--command", "true", "--server", "localhost"],
                          ["explain", "NO-SUCH"]):
            with self.subTest(arguments):
                result = conform(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertTrue(result.stderr.startswith("fakewix-conform: "))

    def test_a_mistyped_word_is_told_what_was_meant(self):
        for arguments, meant in ((["rnu"], "run"), (["run", "--comand", "x"], "--command"),
                                 (["diff", "--hepl"], "--help"), (["explain", "reff-04"], "REF-04"),
                                 (["run", "--command", "true", "--only", "AQC-01"], "ACQ-01"),
                                 (["run", "--command", "true", "--caps", "instal"], "install")):
            with self.subTest(arguments):
                result = conform(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(f'did you mean "{meant}"?', result.stderr)

    def test_help_is_of_what_it_is_asked_for(self):
        whole = conform("help").stdout
        self.assertEqual(whole, conform("--help").stdout)
        self.assertIn("`language`", whole)
        for command in ("run", "list", "explain", "diff", "rerun", "init"):
            with self.subTest(command):
                self.assertIn(f"\n  {command} ", whole)
                text = conform(command, "--help").stdout
                self.assertEqual(text, conform("help", command).stdout)
                self.assertEqual(text, conform(command, "-h").stdout)
                self.assertTrue(text.startswith(f"usage: fakewix-conform {command} "), text)
                self.assertEqual("--junit" in text, command in ("run", "rerun"))

    def test_nothing_ran_is_3(self):
        for command in ("exit 77", "no-such-program-anywhere"):
            with self.subTest(command):
                result = run(command, "--only", "ACQ-*")
                self.assertEqual(result.returncode, 3, result.stdout)

    def test_nothing_that_is_left_is_said(self):
        result = run(CLIENT, "--quick", "--only", "RAT-01")
        self.assertEqual(result.returncode, 3)
        self.assertIn("nothing is left to try: --quick", result.stderr)

    def test_a_client_without_custom_authentication_is_not_accused(self):
        result = run(f"unset WIX_REFRESH_TOKEN; export WIX_INSTANCE_ID; exec {CLIENT}",
                     "--only", "REF-03", "--only", "REF-15", "--only", "API-11", "--jobs", "3")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(result.stdout.count("n/a "), 2, result.stdout)
        self.assertIn("it has no custom authentication", result.stdout)

    def test_an_obstacle_says_how_the_client_ended(self):
        for command in ("echo because >&2; exit 2", "echo because >&2; exit 1"):
            result = run(command, "--only", "EXP-09")
            self.assertIn("its last words on stderr: because", result.stdout, result.stderr)

    def test_a_client_that_does_nothing_is_not_conformant(self):
        result = run("exit 0")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no request reached the fake", result.stdout)
        self.assertIn("it made no request at all (does it read CONFORM_CALLS", result.stdout)
        self.assertNotIn("    hint ", result.stdout)
        self.assertRegex(result.stdout, "\nfailed +ACQ-01 REF-15\ninconclusive +ACQ-0")

    def test_no_fake_is_4(self):
        result = run(CLIENT, "--server", "http://127.0.0.1:9", "--only", "ACQ-01")
        self.assertEqual(result.returncode, 4)
        self.assertIn("did not answer", result.stdout)

    def test_interrupted_is_130_with_reports_and_nothing_left(self):
        report = self.file("r.json")
        process = subprocess.Popen([CONFORM, "run", "--command", "echo up >&2; sleep 100", "--json",
                                    report], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.communicate(timeout=10 * PATIENCE)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - started, 5 * PATIENCE)
        data = json.loads(pathlib.Path(report).read_text())
        self.assertTrue(data["interrupted"])
        self.assertEqual(data["summary"]["pass"], 0)
        self.assertEqual(fakes_alive(), [])

    def test_a_judge_that_is_killed_leaves_no_fake(self):
        judge = subprocess.Popen([CONFORM, "run", "--command", "echo; sleep 60", "--only", "ACQ-01"],
                                 stdout=subprocess.DEVNULL)
        fakes = lambda: [pid for pid, parent in children() if parent == judge.pid]  # noqa: E731
        deadline = time.monotonic() + 30 * PATIENCE
        while not fakes() and time.monotonic() < deadline:
            time.sleep(0.01)
        fake = fakes()[0]
        judge.kill()
        judge.wait()
        while pathlib.Path(f"/proc/{fake}").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(pathlib.Path(f"/proc/{fake}").exists())

    def test_a_client_that_hangs_is_ended_in_time(self):
        started = time.monotonic()
        result = run("exec sleep 100", "--only", "ACQ-01", "--timeout", "1")
        self.assertLess(time.monotonic() - started, 10 * PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertIn("gave no answer within 1 s", result.stdout)

    def test_a_crash_says_how(self):
        result = run("curl -s $WIX_API_BASE/conformance/probe; kill -SEGV $$", "--only", "ACQ-01")
        self.assertEqual(result.returncode, 1)
        self.assertIn("killed by signal 11", result.stdout)

    def test_a_client_that_never_starts_is_not_accused(self):
        for command in ["kill -SEGV $$", "python3 there-is-no-such-file.py", "exit 9"]:
            result = run(command, "--only", "ACQ-01", "--only", "CCH-01")
            self.assertEqual(result.returncode, 3)
            self.assertIn("before it sent anything", result.stdout)


class Selection(Folder):
    def test_every_scenario_is_listed_and_explained(self):
        listed = json.loads(conform("list", "--json").stdout)["scenarios"]
        self.assertGreaterEqual(len(listed), 15)
        for row in listed:
            self.assertEqual(sorted(row), ["code", "id", "level", "title"])
            text = conform("explain", row["code"]).stdout
            self.assertIn(row["title"], text)
            self.assertEqual(text, conform("explain", row["id"]).stdout)

    def test_a_glob_takes_ids_and_codes(self):
        self.assertEqual(conform("list", "--only", "REF-04").stdout.count("\n"), 1)
        self.assertIn("REF-04", conform("list", "--only", "refresh/reply*").stdout)

    def test_quick_leaves_out_what_takes_real_seconds(self):
        codes = [{row["code"] for row in json.loads(conform("list", "--json", *more).stdout)["scenarios"]}
                 for more in ((), ("--quick",))]
        slow = {data["code"] for data in map(json.loads, map(pathlib.Path.read_text, SCENARIOS))
                if data.get("real_s")}
        self.assertEqual(codes[0] - codes[1], slow)
        self.assertTrue(slow and codes[1])

    def test_profiles(self):
        rows = json.loads(conform("list", "--json", "--profile", "minimal").stdout)["scenarios"]
        self.assertEqual({row["level"] for row in rows}, {"MUST"})
        warned = [CLIENT + " --bug=form_sent", "--only", "ACQ-04"]
        self.assertEqual(run(*warned, "--profile", "default").returncode, 0)
        self.assertEqual(run(*warned, "--profile", "strict").returncode, 1)
        wrong = run(*warned, "--profile", "hard")
        self.assertEqual((wrong.returncode, wrong.stderr), (
            2, 'fakewix-conform: --profile takes minimal, default or strict, not "hard"\n'))

    def test_a_terminal_is_told_how_far_it_is(self):
        leader, follower = os.openpty()
        self.addCleanup(os.close, leader)
        subprocess.run([CONFORM, "run", "--command", CLIENT, "--only", "ACQ-0*"], stdout=follower,
                       check=True, timeout=120 * PATIENCE)
        os.close(follower)
        self.assertIn("\r\033[K1 of ", os.read(leader, 65536).decode())
        self.assertNotIn("1 of ", run(CLIENT, "--only", "ACQ-0*").stdout)

    def test_the_page_of_the_language_is_fresh(self):
        page = pathlib.Path(__file__).parents[2] / "docs/reference/scenario-language.md"
        self.assertEqual(page.read_text(), conform("explain", "language").stdout,
                         "run: fakewix-conform explain language >docs/reference/scenario-language.md")

    def test_the_language_names_the_faults_of_the_fake(self):
        text = subprocess.run([BIN / "fakewix", "tables", "faults", "--json"], capture_output=True,
                              text=True, check=True).stdout
        known = {row["fault"]: row["params"].replace("!", "").split() for row in json.loads(text)}
        page = conform("explain", "language").stdout
        faults = page[page.index("## Faults"):page.index("## Needs")]
        rows = [line.replace("`", "").split("|") for line in faults.splitlines() if line.startswith("| `")]
        for _, name, params, *_ in rows:
            self.assertLessEqual(set(params.split()), set(known[name.strip()]), name)
        self.assertEqual({row[1].strip() for row in rows}, set(known))

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

    def test_a_need_the_run_lacks_is_not_applicable(self):
        self.file("own/mine.json", json.dumps({**SCENARIO, "needs": ["browser"]}))
        arguments = ("--scenario-dir", self.folder.name, "--only", "MINE-1")
        result = run(CLIENT, *arguments)
        self.assertEqual(result.returncode, 3)
        self.assertIn("browser", result.stdout)
        self.assertEqual(run(CLIENT, *arguments, "--caps", "browser").returncode, 0)

    def test_a_scenario_waits_for_those_it_depends_on(self):
        client = f"[ $CONFORM_SCENARIO != refresh/after-401 ] || exit 1; exec {CLIENT}"
        result = run(client, "--only", "REF-*", "--jobs", "4")
        self.assertIn("not tried, because REF-01 (refresh/after-401) gave", result.stdout)

    def test_options_come_from_the_environment_too(self):
        env = {"FAKEWIX_CONFORM_COMMAND": CLIENT, "FAKEWIX_CONFORM_ONLY": "ACQ-01"}
        result = conform("run", env=env)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("1 pass", result.stdout)

    def test_a_restless_environment_does_not_reach_our_fake(self):
        env = {"FAKEWIX_LISTEN": "127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
        self.assertEqual(run(CLIENT, "--only", "ACQ-01", env=env).returncode, 0)


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


class Fairness(Folder):
    def test_a_cache_that_is_carried_over_is_recognised(self):
        kept = self.file("kept/token")
        os.unlink(kept)
        client = f'''
            if [ ! -f '{kept}' ]; then
                curl -s "$WIX_AUTH_BASE/oauth2/token" -H 'Content-Type: application/json' -d '{{
                    "grant_type": "client_credentials", "client_id": "'$WIX_APP_ID'",
                    "client_secret": "'$WIX_APP_SECRET'", "instance_id": "'$WIX_INSTANCE_ID'"}}' |
                sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/' >'{kept}'
            fi
            curl -s -o /dev/null -f "$WIX_API_BASE/conformance/probe" -H "Authorization: $(cat '{kept}')"
        '''
        result = run(client, "--only", "ACQ-01", "--only", "API-02")
        self.assertRegex(result.stdout, r"pass +ACQ-01")
        self.assertIn("its cache was carried over", result.stdout)
        self.assertEqual(result.returncode, 3)


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
        self.assertEqual(conform("rerun", "--only", "ACQ-02", env=env).returncode, 0)

    def test_each_folder_has_a_last_run_of_its_own(self):
        env = {**os.environ, "XDG_CACHE_HOME": str(pathlib.Path(self.folder.name) / "cache")}
        folders = [pathlib.Path(self.folder.name) / name for name in ("one", "two")]
        for folder, arguments in zip(folders, (["--only", "REF-02"], ["--only", "CCH-05"])):
            folder.mkdir()
            subprocess.run([CONFORM, "run", "--command", self.BROKEN, *arguments], cwd=folder, env=env,
                           capture_output=True, timeout=120)
        again = subprocess.run([CONFORM, "rerun", "--json=again.json", "--quiet"], cwd=folders[0], env=env,
                               capture_output=True, text=True, timeout=120)
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


class Contract(Folder):
    def test_the_environment_is_the_contract(self):
        seen = self.file("env.txt")
        result = run(f"env >'{seen}'; exec {CLIENT}", "--only", "EXP-03")
        self.assertEqual(result.returncode, 0, result.stdout)
        env = dict(line.split("=", 1) for line in pathlib.Path(seen).read_text().splitlines() if "=" in line)
        self.assertEqual(env["CONFORM_SCENARIO"], "expiry/five-minutes-server-clock")
        self.assertEqual((env["CONFORM_OP"], env["CONFORM_CALLS"], env["CONFORM_PARALLEL"]), ("api", "2", "1"))
        self.assertTrue(env["WIX_REFRESH_TOKEN"].startswith("OAUTH2."))
        for name in ("WIX_API_BASE", "WIX_AUTH_BASE", "WIX_INSTALL_BASE"):
            self.assertRegex(env[name], r"^http://127\.0\.0\.1:\d+/w/[^/]+$")
        for name in ("WIX_APP_ID", "WIX_APP_SECRET", "WIX_INSTANCE_ID"):
            self.assertTrue(env[name])
        self.assertFalse(os.path.exists(env["CONFORM_STATE_DIR"]))

    def test_the_refresh_token_chooses_the_flow(self):
        seen = self.file("env.txt")
        run(f"env >'{seen}'; exec {CLIENT}", "--only", "ACQ-01", env={"WIX_REFRESH_TOKEN": "stale"})
        self.assertNotIn("WIX_REFRESH_TOKEN", pathlib.Path(seen).read_text())

    def test_a_program_with_a_space_in_its_path(self):
        link = pathlib.Path(self.folder.name) / "my client"
        link.symlink_to(BIN / "fakewix-reference-client")
        self.assertEqual(run(f"'{link}'", "--only", "ACQ-01").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
