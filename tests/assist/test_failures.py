"""How many tests failed, by what real test programs print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from copilot.assist.failures import failed_tests

_SUITE = """
import unittest

class Tests(unittest.TestCase):
    def test_right(self): self.assertTrue(True)
    def test_wrong(self): self.assertTrue({first})
    def test_broken(self): {second}
"""


def _run(tmp_path: Path, program: str, suite: str) -> str:
    (tmp_path / "test_it.py").write_text(suite)
    command = [sys.executable, "-m", *program.split()]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    "program",
    ["unittest", "pytest -q -p no:cacheprovider", "pytest -p no:cacheprovider --color=yes"],
)
def test_what_python_prints(tmp_path: Path, program: str) -> None:
    two = _SUITE.format(first="False", second="raise ValueError")
    assert failed_tests(_run(tmp_path, program, two)) == 2
    one = _SUITE.format(first="True", second="raise ValueError")
    assert failed_tests(_run(tmp_path, program, one)) == 1
    assert failed_tests(_run(tmp_path, program, "def broken(:\n")) is None


GO = """\
=== RUN   TestAdd
--- FAIL: TestAdd (0.00s)
    --- FAIL: TestAdd/small (0.00s)
    add_test.go:9: got 1
--- FAIL: TestSub (0.00s)
FAIL
FAIL\texample.com/calc\t0.002s
FAIL
"""
CARGO = """\
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test tests::adds ... FAILED
test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
error: test failed, to rerun pass `--lib`
"""
JEST = """\
Test Suites: 1 failed, 2 passed, 3 total
Tests:       4 failed, 1 skipped, 20 passed, 25 total
Snapshots:   0 total
"""


@pytest.mark.parametrize(
    ("output", "count"),
    [
        (GO, 2),
        (CARGO, 3),
        (JEST, 4),
        (JEST.replace("Tests:", "\x1b[1mTests:\x1b[22m"), 4),
        (JEST.replace("\n", "\r\n"), 4),
        (JEST + "  ● Test suite failed to run\n", None),
        (CARGO + "error[E0308]: could not compile `calc` (lib test)\n", None),
        ("error: could not compile `calc` (lib) due to 1 previous error\n", None),
        ("# example.com/calc\nFAIL\texample.com/calc [build failed]\nFAIL\n", None),
        ("ok  \texample.com/calc\t0.002s\n", None),
        ("========= 2 failed, 3 passed, 1 error in 0.12s =========\n", 3),
        ("1 failed in 61.20s (0:01:01)\n", 1),
        ("1 failed in 0.1s\nno end after 5 seconds\n", None),
        ("make: *** [all] Error 2\n", None),
        ("I walked 3 failed miles in 2 hours\n", None),
        ("", None),
    ],
)
def test_what_others_print(output: str, count: int | None) -> None:
    assert failed_tests(output) == count


def test_a_long_output_takes_no_long_time() -> None:
    assert failed_tests("1 a, " * 100_000) is None
    assert failed_tests("=" * 200_000) is None
