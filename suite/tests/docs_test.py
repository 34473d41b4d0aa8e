#!/usr/bin/env python3
"""The examples of the documents, replayed: what a ```console block shows is what happens.

usage: docs_test.py DIRECTORY-OF-THE-PROGRAMS

A line "$ COMMAND" is run by sh in an empty directory with the programs on PATH, "> …" goes on with
it, and the lines below are what it prints. In those an ellipsis stands for any text, and alone on a
line for any lines. A document has one fake for all its blocks; localhost:8420 stands for it. What a
line assigns to variables, and does nothing else, is known to all the lines behind it.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
os.environ["FAKEWIX_BIN"] = str(BIN / "fakewix")
sys.path.insert(0, str(ROOT / "suite/clients/python"))
import fake as fakes  # noqa: E402

SHOWN = "localhost:8420"
ASSIGNMENTS = re.compile(r"(\w+=('[^']*'|[^\s']*)( |$))+")
MUST_HAVE_EXAMPLES = ("README.md", "docs/CONTROL-API.md")


def documents():
    return sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])


def examples(text):
    """(line number, command, what it prints) of every console block."""
    for block in re.finditer(r"^```console\n(.*?)^```", text, re.M | re.S):
        number = text.count("\n", 0, block.start(1)) + 1
        found = []
        for line in block.group(1).splitlines():
            if line.startswith("$ "):
                found.append((number, [line[2:]], []))
            elif line.startswith("> ") and not found[-1][2]:
                found[-1][1].append(line[2:])
            else:
                found[-1][2].append(line)
            number += 1
        for at, command, printed in found:
            yield at, "\n".join(command), printed


def pattern(printed):
    """Expected lines as a regular expression."""
    out = ""
    for line in printed:
        if line == "…":
            out += r"(?:.*\n)*"
        else:
            out += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return out


class Document:
    """One fake and one directory for all the examples of a document."""

    def __enter__(self):
        self.fake = fakes.Fake()
        self.folder = tempfile.TemporaryDirectory()
        self.assigned = ""
        self.address = self.fake.http.removeprefix("http://").replace("127.0.0.1", "localhost")
        return self

    def __exit__(self, *problem):
        self.folder.cleanup()
        self.status = self.fake.close()

    def run(self, command):
        if ASSIGNMENTS.fullmatch(command):
            self.assigned += command + "\n"
            return ""
        env = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "FAKEWIX_LISTEN": self.address}
        done = subprocess.run(
            ["sh", "-c", (self.assigned + command).replace(SHOWN, self.address)], cwd=self.folder.name, env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, check=False, timeout=60 * fakes.PATIENCE)
        return done.stdout.replace(self.address, SHOWN)


class Documents(unittest.TestCase):
    maxDiff = None

    def replay(self, found):
        with Document() as document:
            for number, command, printed in found:
                output = document.run(command)
                if output and not output.endswith("\n"):
                    output += "\n"
                if not re.fullmatch(pattern(printed), output):
                    self.fail(f"line {number}: $ {command}\nthe document says:\n"
                              + "\n".join(printed) + f"\nit printed:\n{output}")
        self.assertEqual(document.status, 0)

    def test_every_example(self):
        for path in documents():
            name = str(path.relative_to(ROOT))
            found = list(examples(path.read_text()))
            with self.subTest(name):
                if name in MUST_HAVE_EXAMPLES:
                    self.assertTrue(found, "it has no example")
                if found:
                    self.replay(found)
                    print(f"{name}: {len(found)} commands")


unittest.main()
