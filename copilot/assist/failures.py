"""How many tests failed, read from what a test command printed.

Known are the summaries of pytest, unittest, `go test`, `cargo test`, and jest. Where the tests were
not all run (they did not load or compile, or were stopped), a count would be too good to be true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# How a terminal is told of colours: ECMA-48, control sequences.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_NOT_ALL_RUN = re.compile(
    r"^(?:!+ (?:Interrupted: \d+ errors? during collection|stopping after \d+ failures?) !+"
    r"|.*unittest\.loader\._FailedTest.*"
    r"|FAIL\t.*\[(?:build|setup) failed\]"
    r"|error(?:\[E\d+\])?: could not compile .*"
    r"|.*Test suite failed to run.*"
    r"|no end after \d+ seconds)$",
    re.MULTILINE,
)
_PYTEST = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+m?s\b.*$", re.MULTILINE)
_UNITTEST = re.compile(r"^FAILED \(([^)]*)\)$", re.MULTILINE)
_CARGO = re.compile(r"^test result: (?:ok|FAILED)\. \d+ passed; (\d+) failed;", re.MULTILINE)
_JEST = re.compile(r"^Tests: +(.*\btotal)\b", re.MULTILINE)
_GO = re.compile(r"^--- FAIL: ", re.MULTILINE)
_GO_END = re.compile(r"^FAIL(?:\t.*)?$", re.MULTILINE)


def failed_tests(output: str) -> int | None:
    """Return how many tests failed; None where the output does not tell, or not of all tests."""
    text = _ESCAPES.sub("", output).replace("\r\n", "\n")
    if _NOT_ALL_RUN.search(text):
        return None
    counts = [count for read in _READERS if (count := read(text)) is not None]
    return sum(counts) if counts else None


def _pytest(text: str) -> int | None:
    return _sum_in(_PYTEST.findall(text), r"(\d+) (?:failed|errors?)\b")


def _unittest(text: str) -> int | None:
    return _sum_in(_UNITTEST.findall(text), r"(?:failures|errors)=(\d+)")


def _cargo(text: str) -> int | None:
    return _sum_in(_CARGO.findall(text), r"(\d+)")


def _jest(text: str) -> int | None:
    return _sum_in(_JEST.findall(text), r"(\d+) failed")


def _go(text: str) -> int | None:
    # A subtest's line is indented, and its test is counted.
    return len(_GO.findall(text)) or None if _GO_END.search(text) else None


def _sum_in(summaries: Sequence[str], count: str) -> int | None:
    if not summaries:
        return None
    return sum(int(number) for summary in summaries for number in re.findall(count, summary))


_READERS: Sequence[Callable[[str], int | None]] = (_pytest, _unittest, _cargo, _jest, _go)
