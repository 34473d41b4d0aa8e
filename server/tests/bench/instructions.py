#!/usr/bin/env python3
"""How many instructions a token call and the journal take, beside what was recorded in
instructions.json: a change shows on any machine, however busy. Fails nothing.

usage: instructions.py DIRECTORY-OF-THE-PROGRAMS [--record]

Counted by callgrind, whose processor has no SHA instructions: hashing weighs more than on a real
one, and always the same.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import bench

RECORDED = pathlib.Path(__file__).with_name("instructions.json")
WARM_UP, CALLS, READS = 200, 500, 20
READ = b"GET /_fakewix/journal?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Counted(bench.Server):
    """A fake under callgrind, which counts only while it is told to."""

    def __init__(self, fakewix, folder):
        self.folder = pathlib.Path(folder)
        super().__init__("/usr/bin/env", "valgrind", "-q", "--tool=callgrind",
                         "--instr-atstart=no", f"--callgrind-out-file={folder}/out",
                         fakewix, "serve", "--quiet", "--workers", "2", "--listen", "127.0.0.1:0")

    def control(self, *what):
        subprocess.run(["callgrind_control", *what, str(self.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def count(self, connection, request, times):
        """Instructions of one call on average, and those inside journal_add."""
        for _ in range(WARM_UP if times == CALLS else 1):
            bench.ask(connection, request)
        self.control("-i", "on")
        for _ in range(times):
            bench.ask(connection, request)
        self.control("-i", "off")
        before = set(self.folder.iterdir())
        self.control("-d")
        dumped, = set(self.folder.iterdir()) - before
        return [round(count / times) for count in counts(dumped, r" PROGRAM TOTALS", r":journal_add ")]


def counts(dumped, *lines):
    """Instructions of the lines that these expressions find; a function's with all that it calls."""
    out = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(dumped)],
                         capture_output=True, text=True, check=True).stdout
    return [max((int(count.replace(",", "")) for count in
                 re.findall(rf"^ *([\d,]+) .*{line}", out, re.M)), default=0) for line in lines]


def main():
    fakewix = str((pathlib.Path(sys.argv[1]) / "fakewix").resolve())
    with tempfile.TemporaryDirectory() as folder:
        fake = Counted(fakewix, folder)
        connection = fake.connect()
        token, entry = fake.count(connection, bench.REQUEST, CALLS)
        reading, _ = fake.count(connection, READ, READS)
        connection.close()
        fake.stop()
    seen = {"a token call": token, "of it: the journal's entry": entry,
            "reading 100 entries of the journal": reading}
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    print("| instructions | recorded | now | change |\n|---|--:|--:|--:|")
    for what, now in seen.items():
        was = recorded.get(what)
        change = f"{(now - was) / was:+.1%}" if was else ""
        print(f"| {what} | {f'{was:,}' if was else ''} | {now:,} | {change} |")
    if "--record" in sys.argv:
        RECORDED.write_text(json.dumps(seen, indent=2) + "\n")


if __name__ == "__main__":
    main()
