#!/usr/bin/env python3
"""What `fakewix-conform init LANGUAGE` writes is built and run as it says, and passes.

usage: init_test.py DIRECTORY-OF-THE-PROGRAMS LANGUAGE PROGRAM

PROGRAM is what the language needs on this machine; where it is missing, that is printed, and the
status is 77.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

# Both flows, a refresh after a 401, what must stay secret, a reply without end, and TLS.
ROWS = ("ACQ-01 ACQ-03 ACQ-06 API-02 CCH-01 EXP-01 NET-08 REF-01 REF-02 REF-03 REF-04 REF-15 SEC-01 SEC-04 "
        "TLS-08 TLS-03").split()

programs, language, needed = sys.argv[1:]
conform = pathlib.Path(programs).resolve() / "fakewix-conform"


def main():
    if not shutil.which(needed):
        print(f"skipped: {needed} is not on this machine (scripts/setup --tests installs it)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        def run(command, **more):
            return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **more)

        written = run([conform, "init", language, "--write"])
        assert written.returncode == 0, written.stderr
        name, limits, *steps = written.stdout.splitlines()
        name = name.split()[0]
        assert "HTTP library" in limits, written.stdout
        text = (pathlib.Path(folder) / name).read_text()
        assert text == run([conform, "init", language]).stdout, "printed and written differ"
        again = run([conform, "init", language, "--write"])
        assert again.returncode == 2 and "--force" in again.stderr, again
        for step in steps[:-1]:
            assert step.strip() in text, f"the program does not say: {step}"
            built = run(step.strip(), shell=True)
            assert built.returncode == 0, built.stdout + built.stderr
        assert steps[-1].strip().replace("'./wix_conform'", "./wix_conform") in text, steps[-1]
        command = steps[-1].split("--command ", 1)[1].strip("'")
        only = [word for row in ROWS for word in ("--only", row)]
        judged = run([conform, "run", "--command", command, "--jobs", "2", "--json", "report.json", *only])
        assert judged.returncode in (0, 1, 3), f"{judged.returncode}\n{judged.stdout}{judged.stderr}"
        report = json.loads((pathlib.Path(folder) / "report.json").read_text())
        got = {scenario["code"]: scenario["verdict"] for scenario in report["scenarios"]}
        wrong = {code: got.get(code) for code in ROWS if got.get(code) not in ("PASS", "INFO")}
        assert not wrong, f"{wrong}\n{judged.stdout}{judged.stderr}"
        print(f"{language}: {len(ROWS)} scenarios hold")
    return 0


sys.exit(main())
