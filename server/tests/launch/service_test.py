#!/usr/bin/env python3
"""The systemd unit: systemd finds nothing wrong with it, and little that it is exposed to.

usage: service_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
Exits 77 where there is no systemd-analyze.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from fakes import FAKEWIX  # noqa: E402

UNIT = pathlib.Path(__file__).parents[3] / "scripts" / "fakewix.service"


def analyze(*what):
    return subprocess.run(["systemd-analyze", *what], capture_output=True, text=True, timeout=60)


class Service(unittest.TestCase):
    def test_unit_is_sound(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / UNIT.name
            unit.write_text(UNIT.read_text().replace("/usr/bin/fakewix", f'"{FAKEWIX}"'))
            done = analyze("verify", "--man=no", str(unit))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_little_is_open_to_it(self):
        """0 is nothing at all, 10 is a program without a fence; the network it needs costs most."""
        said = analyze("security", "--offline=true", str(UNIT)).stdout
        exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1])
        print(f"exposure {exposure}")
        self.assertLessEqual(exposure, 2.0)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("there is no systemd-analyze here")
        sys.exit(77)
    unittest.main()
