"""Tests that failed, as test runners print them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class FailedTest:
    """What a runner says of a failed test: its file, module, package's folder or function."""

    path: str = ""
    module: str = ""
    folder: str = ""
    function: str = ""


@dataclass(frozen=True)
class Failed:
    """The failed tests of a text, and the text without the lines they stand on."""

    tests: tuple[FailedTest, ...]
    rest: str


_RUNNERS = (
    # pytest
    re.compile(r"(?:.*?[^\w./\\-])?(?P<path>[\w./\\-]+\.py)(?:::[\w:]+)+"),
    re.compile(r"\s*(?:FAILED|ERROR) (?P<path>[\w./\\-]+\.py)\b"),
    # unittest: the module, class and function
    re.compile(r"\s*(?:FAIL|ERROR): (?P<function>\w+) \((?P<module>[\w.]+)\)"),
    # go test
    re.compile(r"\s*--- FAIL: (?P<function>\w+)"),
    re.compile(r"FAIL\s+(?P<folder>[\w.-]+(?:/[\w.-]+)+)\s+(?:[\d.]+s|\[)"),
    # cargo test
    re.compile(r"\s*test (?P<module>\w+(?:::\w+)*) \.\.\. FAILED"),
    re.compile(r"\s*---- (?P<module>\w+(?:::\w+)*) stdout ----"),
    # Jest, Vitest, Mocha's files
    re.compile(r"\s*(?:FAIL|[×✗✘❯])\s+(?:\|[\w-]+\|\s+)?(?P<path>[^\s:>]+\.\w+)(?=\s|$)"),
    # RSpec
    re.compile(r"\s*rspec (?:'|\")?(?P<path>[^\s:\[]+\.rb)"),
    # Maven, Gradle
    re.compile(r"\s*\[ERROR\]\s+(?P<module>(?:\w+\.)*[A-Z]\w*)[.:]\w+"),
    re.compile(r"\s*(?P<module>(?:\w+\.)*[A-Z]\w*) > .+ FAILED\s*$"),
)
# Longer lines are data.
_MOST_LINE = 1000


def failures_in(text: str) -> Failed:
    """Return the failed tests that a text names."""
    rest: list[str] = []
    tests: list[FailedTest] = []
    for line in text.splitlines():
        test = _failed(line) if len(line) <= _MOST_LINE else None
        if test is None:
            rest.append(line)
        elif test not in tests:
            tests.append(test)
    return Failed(tuple(tests), "\n".join(rest))


def _failed(line: str) -> FailedTest | None:
    for runner in _RUNNERS:
        if match := runner.match(line):
            return FailedTest(**match.groupdict())
    return None
