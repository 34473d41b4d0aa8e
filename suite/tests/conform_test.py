#!/usr/bin/env python3
"""fakewix-conform as its users meet it: exit codes, selections, interruptions, the contract.

usage: conform_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from judged import BIN, CLIENT, CONFORM, PATIENCE, Folder, conform, run

SCENARIOS = list((pathlib.Path(__file__).resolve().parents[2] / "fixtures/scenarios").glob("*/*.json"))


def children():
    """Number and parent of each fake that runs."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes().split(b"\0")[0] == os.fsencode(BIN / "fakewix"):
                parent = int((entry.parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
                yield entry.parent.name, parent
        except (OSError, ValueError):
            continue


def is_soon(what):
    """Whether it comes to be, on however busy a machine."""
    deadline = time.monotonic() + 30 * PATIENCE
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)
    return what()


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
        self.assertIn('"pyton"; did you mean "python"? ', conform("init", "pyton").stderr)

    def test_usage_is_2_and_one_sentence(self):
        for arguments in (["run"], ["run", "--command"], ["run", "--comand", "x"], ["dance"], [],
                          ["run", "--command", "true", "--jobs", "0"],
                          ["run", "--command", "true", "--only", "NO-SUCH"],
                          ["run", "--command", "true", "--caps", "wings"],
                          ["run", "--command", "true", "--server", "localhost"],
                          ["list", "-xquick"], ["list", "-quick"], ["list", "--"],
                          ["explain", "NO-SUCH"]):
            with self.subTest(arguments):
                result = conform(*arguments)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertTrue(result.stderr.startswith("fakewix-conform: "))

    def test_a_mistyped_word_is_told_what_was_meant(self):
        for arguments, meant in ((["rnu"], "run"), (["run", "--comand", "x"], "--command"),
                                 (["diff", "--hepl"], "--help"),
                                 (["list", "-quick"], "--quick"), (["explain", "reff-04"], "REF-04"),
                                 (["run", "--command", "true", "--only", "AQC-01"], "ACQ-01"),
                                 (["run", "--command", "true", "--caps", "instal"], "install")):
            with self.subTest(arguments):
                result = conform(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertIn(f'did you mean "{meant}"?', result.stderr)

    def test_a_variable_is_blamed_by_its_own_name(self):
        for name, value, sentence in (("JOBS", "0", 'takes a number from 1 to 64, not "0"'),
                                      ("TIMEOUT", "x", 'takes a number from 1 to 86400, not "x"'),
                                      ("PROFILE", "hard", "takes minimal, default or strict"),
                                      ("CAPS", "wings", 'has the unknown word "wings"'),
                                      ("ONLY", "NO-SUCH", '"NO-SUCH" fits no scenario')):
            variable = f"FAKEWIX_CONFORM_{name}"
            result = run("exit 0", env={variable: value})
            self.assertEqual(result.returncode, 2)
            self.assertTrue(result.stderr.startswith(f"fakewix-conform: {variable} {sentence}"), result.stderr)
            given = run("exit 0", f"--{name.lower()}", value, env={variable: "2"})
            self.assertTrue(given.stderr.startswith(f"fakewix-conform: --{name.lower()} {sentence}"))

    def test_a_list_after_only_is_told_how_to_name_several(self):
        for value in "ACQ-01,REF-02", "ACQ-01, REF-02", "ACQ-01 REF-02", "ACQ-01,REF-02,REF-03":
            result = conform("list", "--only", value)
            self.assertEqual(result.returncode, 2)
            self.assertIn("give --only more than once, --only ACQ-01 --only REF-02", result.stderr)

    def test_what_a_command_lacks_is_said_once(self):
        self.assertEqual(conform("explain").stderr,
                         "fakewix-conform: explain needs ID: fakewix-conform explain REF-04\n")
        self.assertEqual(conform("diff", "a").stderr, "fakewix-conform: diff needs BEFORE.json AFTER.json: "
                         "fakewix-conform diff before.json after.json\n")

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
        result = run("exit 77", "--only", "ACQ-*")
        self.assertEqual(result.returncode, 3, result.stdout)

    def test_a_command_that_cannot_be_run_is_tried_once(self):
        text = self.file("no-program", "#!/bin/sh\nexit 0\n")
        for command, status, shell_says in (("no-such-program-anywhere", 127, "not found"),
                                            (text, 126, "ermission denied")):
            for jobs in "1", "4":
                with self.subTest(command=command, jobs=jobs):
                    memory = {"XDG_CACHE_HOME": self.folder.name}
                    report = self.file("r.json")
                    result = run(command, "--only", "ACQ-*", "--jobs", jobs, "--json", report, env=memory)
                    self.assertEqual(result.returncode, 3, result.stdout)
                    self.assertRegex(result.stderr, f"^fakewix-conform: --command '{command}': .*"
                                     rf"\(exit {status}\).*{shell_says}.*name ")
                    self.assertIn("were not tried, because the command could not be run", result.stdout)
                    self.assertNotIn("rerun", result.stdout)
                    rows = json.loads(pathlib.Path(report).read_text())["scenarios"]
                    tried = [row["code"] for row in rows if row["checks"]]
                    self.assertIn(len(tried), range(1, int(jobs) + 1))
                    self.assertGreater(len(rows), 8)
                    self.assertIn("no run in this folder has tried a client yet", conform("rerun", env=memory).stderr)

    def test_a_command_that_was_run_once_is_not_given_up(self):
        client = f"[ $CONFORM_SCENARIO != acquisition/instance-binding ] || exit 127; exec {CLIENT}"
        report = self.file("r.json")
        run(client, "--only", "ACQ-*", "--json", report)
        rows = json.loads(pathlib.Path(report).read_text())["scenarios"]
        self.assertFalse([row for row in rows if row["reason"].startswith("not tried")])

    def test_a_lifetime_of_another_form_that_ends_a_client_is_its_own_fault(self):
        reads = """reply=$(curl -s "$WIX_AUTH_BASE/oauth2/token" -H 'Content-Type: application/json' -d '{
            "grant_type": "client_credentials", "client_id": "'$WIX_APP_ID'", "client_secret":
            "'$WIX_APP_SECRET'", "instance_id": "'$WIX_INSTANCE_ID'"}'); case $reply in
            *'"expires_in":1'*) exit 0;; esac; """
        for end, lines in (("kill -ABRT $$", ["FAIL  EXP-09", "FAIL  EXP-10"]),
                           ("exit 1", ["????  EXP-09", "FAIL  EXP-10"])):
            result = run(reads + end, "--only", "EXP-09", "--only", "EXP-10")
            for line in lines:
                self.assertIn(line, result.stdout)

    def test_an_empty_command_is_refused(self):
        for command in "", " ":
            result = run(command)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("--command is empty: name the program that makes the calls", result.stderr)

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
        known = self.file("known", "CCH-01  # mine\n")
        up = pathlib.Path(self.folder.name) / "up"
        process = subprocess.Popen([CONFORM, "run", "--command", f"touch '{up}'; sleep 100", "--json",
                                    report, "--write-known-failing", known], text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(is_soon(up.exists))
        fake, = [pid for pid, parent in children() if parent == process.pid]
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        _, complaint = process.communicate(timeout=10 * PATIENCE)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(pathlib.Path(known).read_text(), "CCH-01  # mine\n")
        self.assertEqual(complaint, f"fakewix-conform: {known} is left as it was: the run was "
                                    "interrupted\n")
        self.assertLess(time.monotonic() - started, 5 * PATIENCE)
        data = json.loads(pathlib.Path(report).read_text())
        self.assertTrue(data["interrupted"])
        self.assertEqual(data["summary"]["pass"], 0)
        self.assertTrue(is_soon(lambda: not pathlib.Path(f"/proc/{fake}").exists()))

    def test_a_judge_that_is_killed_leaves_no_fake(self):
        judge = subprocess.Popen([CONFORM, "run", "--command", "echo; sleep 60", "--only", "ACQ-01"],
                                 stdout=subprocess.DEVNULL)
        fakes = lambda: [pid for pid, parent in children() if parent == judge.pid]  # noqa: E731
        self.assertTrue(is_soon(fakes))
        fake = fakes()[0]
        judge.kill()
        judge.wait()
        self.assertTrue(is_soon(lambda: not pathlib.Path(f"/proc/{fake}").exists()))

    def test_a_client_that_hangs_is_ended_in_time(self):
        started = time.monotonic()
        result = run("exec sleep 100", "--only", "ACQ-01", "--timeout", "1")
        self.assertLess(time.monotonic() - started, 10 * PATIENCE)
        self.assertEqual(result.returncode, 1)
        self.assertIn("it made no request at all (does it wait for input, or for another host than "
                      "WIX_API_BASE and WIX_AUTH_BASE name?), and gave no answer within 1 s", result.stdout)
        self.assertNotIn("    hint ", result.stdout)

    def test_a_crash_says_how(self):
        result = run("curl -s $WIX_API_BASE/conformance/probe; kill -SEGV $$", "--only", "ACQ-01")
        self.assertEqual(result.returncode, 1)
        self.assertIn("crashed: it was killed by signal 11, SIGSEGV (Segmentation fault)", result.stdout)

    def test_a_crash_below_a_shell_says_how(self):
        for end, sentence in (("(kill -ABRT $(exec sh -c 'echo $PPID'))", "signal 6, SIGABRT (Aborted)"),
                              ("exit 134", "signal 6, SIGABRT (Aborted)"),
                              ("exit 164", "signal 36 ("),
                              ("exit 128", "exited with 128, which the contract does not know"),
                              ("exit 255", "exited with 255, which the contract does not know")):
            with self.subTest(end):
                result = run(f"curl -s $WIX_API_BASE/conformance/probe; {end}; exit $?", "--only", "ACQ-01")
                self.assertEqual(result.returncode, 1, result.stdout)
                self.assertIn(sentence, result.stdout)

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
