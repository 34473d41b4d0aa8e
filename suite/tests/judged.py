"""What the tests of fakewix-conform begin with: the program, the reference client, a folder.

The first argument of a test is the directory of the programs.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
CONFORM = BIN / "fakewix-conform"
# Bounds of time are multiplied by this: instrumented programs are slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
CLIENT = f"'{BIN}/fakewix-reference-client'"
for name in [name for name in os.environ if name.startswith(("FAKEWIX_CONFORM_", "GITHUB_"))]:
    del os.environ[name]  # what a machine asks of its runs is not what a test asks


def conform(*arguments, env=None):
    return subprocess.run([CONFORM, *arguments], capture_output=True, text=True, timeout=120 * PATIENCE,
                          env={**os.environ, **(env or {})})


def run(command, *arguments, env=None):
    return conform("run", "--command", command, *arguments, env=env)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, text=""):
        path = pathlib.Path(self.folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)
