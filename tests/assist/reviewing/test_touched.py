"""The definitions that a change touches, by syntax where it can be read, else by words."""

from __future__ import annotations

from copilot.assist.reviewing.touched import Touched, touched
from copilot.workspace.diffs import DiffHunk, DiffLine

INIT = b"    def __init__(self):\n        self.n = 0\n\n"
OLD = b"class Cart:\n" + INIT + b"    def total(self):\n        return 1\n"
NEW = OLD.replace(b"return 1", b"return 2").replace(b"n = 0", b"n = 1")


def hunk(*lines: DiffLine, section: str = "") -> DiffHunk:
    return DiffHunk(1, 1, 1, 1, lines, section)


def test_the_innermost_definitions() -> None:
    change = hunk(DiffLine("-", "", 6, None), DiffLine("+", "", None, 6))
    assert touched("a.py", [change], OLD, NEW) == Touched(frozenset({"total"}), ((5, 6),))


def test_others_call_a_constructor_by_its_class() -> None:
    change = hunk(DiffLine("+", "", None, 3))
    assert touched("a.py", [change], OLD, NEW).names == {"Cart"}


def test_what_is_gone_is_named_and_has_no_lines() -> None:
    change = hunk(*(DiffLine("-", "", line, None) for line in (5, 6)))
    gone = NEW.split(b"\n    def total")[0]
    assert touched("a.py", [change], OLD, gone) == Touched(frozenset({"total"}), ())


def test_a_language_that_no_grammar_reads() -> None:
    change = hunk(DiffLine("+", "proc reset_all {} {", None, 1), section="func outer_one(")
    assert touched("a.unknown", [change], b"x\n", b"y\n").names == {"reset_all", "outer_one"}


def test_short_names_tell_nothing() -> None:
    new = b"def f():\n    return 1\n"
    assert touched("a.py", [hunk(DiffLine("+", "", None, 2))], None, new).names == frozenset()
