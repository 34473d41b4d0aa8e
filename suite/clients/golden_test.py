#!/usr/bin/env python3
"""What the judge says of a real client, compared with fixtures/golden/NAME.txt.

usage: golden_test.py DIRECTORY-OF-THE-PROGRAMS NAME COMMAND

A scenario or a client that changes changes the golden file: look at the difference that this test
prints, and write it anew with

    FAKEWIX_WRITE_GOLDEN=1 scripts/test -R golden
"""
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# The rows that tell clients apart, and those of the first release; the others cost a real client a
# third of a second each.
ROWS = """ACQ-01 ACQ-02 ACQ-03 ACQ-06 ACQ-07 ACQ-11 CCH-01 CCH-04 CCH-05 EXP-01 EXP-03 EXP-04 EXP-05 EXP-09
    REF-01 REF-02 REF-03 REF-04 REF-06 REF-08 REF-12 REF-13 REF-14 REF-15 API-02 API-07 API-10
    NET-04 NET-05 NET-06 NET-09 NET-12 NET-16 RAT-03 CON-01 CON-02 CON-03 SEC-01 SEC-02 SEC-03 SEC-04
    SEC-05 SEC-06 SEC-07 TLS-01 TLS-02 TLS-03 TLS-07 TLS-08 COD-01 COD-03 INS-01 INS-03 INS-05
    INS-06 INS-10""".split()

programs, name, command = sys.argv[1:]
fixtures = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
golden = fixtures / "golden" / f"{name}.txt"


def chosen():
    """--only for each row that there is."""
    codes = {json.loads(file.read_text())["code"] for file in fixtures.glob("scenarios/*/*.json")}
    return [word for row in ROWS if row in codes for word in ("--only", row)]


def judge():
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        run = subprocess.run(
            [f"{programs}/fakewix-conform", "run", "--quiet", "--jobs", "2", "--json", report,
             *chosen(), "--command", command], capture_output=True, text=True, check=False)
        if run.returncode not in (0, 1, 3):
            sys.exit(f"the judge ended with {run.returncode}\n{run.stdout}{run.stderr}")
        return json.loads(report.read_text())


def plain(text):
    """A sentence without what differs from run to run, and without what a library prints."""
    text = re.sub(r"; its last words on stderr: .*", "", text, flags=re.DOTALL)
    return re.sub(r"\d+(\.\d+)? (ms|s)\b", r"… \2", text)


def told(report):
    """The verdicts, and the reason of each that is not a pass."""
    for scenario in report["scenarios"]:
        yield f"{scenario['verdict']} {scenario['code']} {scenario['id']}"
        if scenario["reason"]:
            yield f"    {plain(scenario['reason'])}"
        for check in scenario["checks"]:
            if check["verdict"] not in ("PASS", "NA"):
                yield f"    {check['verdict']} {check['id']}: {plain(check['seen'])}"


def main():
    report = judge()
    lines = list(told(report))
    if not any(scenario["verdict"] == "PASS" for scenario in report["scenarios"]):
        sys.exit("not one scenario passed: the client did not run")
    if os.environ.get("FAKEWIX_WRITE_GOLDEN"):
        golden.write_text("\n".join(lines) + "\n")
        return 0
    difference = list(difflib.unified_diff(golden.read_text().splitlines(), lines,
                                           str(golden), "this run", lineterm=""))
    print("\n".join(difference) or f"{len(lines)} lines as in {golden.name}")
    if difference:
        print("\nIf this is as it should be: FAKEWIX_WRITE_GOLDEN=1 scripts/test -R golden")
    return 1 if difference else 0


sys.exit(main())
