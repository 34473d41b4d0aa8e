#!/usr/bin/env python3
"""The same client gets the same verdicts, run after run: with one job and with eight, on an idle machine
and on a loaded one, under each driver. The reference client passes in all of them.

Two runs a driver, without what takes real seconds; ten of the whole catalogue with FAKEWIX_LONG=1
(scripts/test --long), half of them beside a process per core that does nothing but count. Prints what
each run took.

usage: repeat_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
LONG = bool(os.environ.get("FAKEWIX_LONG"))
# Bounds of time are multiplied by this: instrumented programs are slow (CMakeLists.txt).
PATIENCE = int(os.environ.get("FAKEWIX_PATIENCE", "1"))
CLIENT = f"'{BIN}/fakewix-reference-client'"
PAGE = "http://127.0.0.1:{port}"
DRIVERS = {
    "exec": ["--command", CLIENT],
    "adapter": ["--adapter", f"{CLIENT} --adapter"],
    "app": ["--command", f"{CLIENT} --app", "--app-url", f"{PAGE}/signup",
            "--trigger", PAGE + "/orders?instance={instance}",
            "--webhook-url", f"{PAGE}/webhook", "--instance-url", f"{PAGE}/dashboard"],
}


@contextlib.contextmanager
def load(wanted):
    """One process per core that keeps it busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(os.cpu_count() if wanted else 0)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def judge(driver, jobs):
    """Code to verdict, with what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        run = subprocess.run(
            [BIN / "fakewix-conform", "run", *DRIVERS[driver], "--quiet", "--jobs", str(jobs),
             "--timeout", str(60 * PATIENCE), "--json", report, *([] if LONG else ["--quick"])],
            capture_output=True, text=True, check=False, timeout=600 * PATIENCE)
        assert run.returncode in (0, 1, 3), f"{run.returncode}\n{run.stdout}{run.stderr}"
        rows = json.loads(report.read_text())["scenarios"]
        return run, {row["code"]: row["verdict"] for row in rows}


class Repeated(unittest.TestCase):
    def repeat(self, driver):
        first = None
        for i in range(10 if LONG else 2):
            jobs, loaded = (8, 1, 4)[i % 3], LONG and i % 2 == 1
            begun = time.monotonic()
            with load(loaded):
                run, verdicts = judge(driver, jobs)
            print(f"{driver}: {len(verdicts)} scenarios, {jobs} jobs{', loaded' if loaded else ''}: "
                  f"{time.monotonic() - begun:.1f} s", flush=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            first = first or verdicts
            self.assertEqual(verdicts, first, run.stdout)

    def test_exec(self):
        self.repeat("exec")

    def test_adapter(self):
        self.repeat("adapter")

    def test_app(self):
        self.repeat("app")


if __name__ == "__main__":
    unittest.main()
