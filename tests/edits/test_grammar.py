"""The grammar lets a reply name only lines that stand in a file, at one place."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.grammar import MAX_BLOCKS, MAX_LINES, edit_grammar

_LINE = st.text(alphabet='ab "\\{}é\t', max_size=3)
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def _rules(grammar: str) -> dict[str, str]:
    return dict(line.split(" ::= ", 1) for line in grammar.splitlines())


def _unquoted(literal: str) -> str:
    """Read a GBNF string back; its escapes are JSON's but for the long one."""
    return str(json.loads(re.sub(r"\\U0000(....)", r"\\u\1", literal)))


@given(st.lists(_LINE, min_size=1, max_size=12))
def test_every_start_of_a_search_occurs_once(lines: list[str]) -> None:
    grammar = edit_grammar({"main/a": "".join(f"{line}\n" for line in lines)}, 7)
    assert grammar is not None
    for literal in _LITERAL.findall(_rules(grammar)["search-0"]):
        run = _unquoted(literal).removesuffix("\n").split("\n")
        assert _times(lines, run) == 1


@given(st.lists(st.sampled_from(["x", "y", ""]), min_size=1, max_size=8))
def test_each_line_that_begins_a_unique_run_may_begin_a_search(lines: list[str]) -> None:
    grammar = edit_grammar({"main/a": "".join(f"{line}\n" for line in lines)}, 7)
    assert grammar is not None
    starts = {_unquoted(one) for one in _LITERAL.findall(_rules(grammar)["search-0"])}
    for first in range(len(lines)):
        runs = [lines[first:stop] for stop in range(first + 1, len(lines) + 1)]
        unique = [run for run in runs if _times(lines, run) == 1]
        expected = "".join(f"{line}\n" for line in unique[0]) if unique else None
        assert expected is None or expected in starts


def _times(lines: list[str], run: list[str]) -> int:
    return sum(lines[i : i + len(run)] == run for i in range(len(lines) - len(run) + 1))


def test_each_file_has_its_own_path_and_lines() -> None:
    grammar = edit_grammar({"main/a": "one\n", "main/b": "two\n", "main/empty": ""}, 8)
    assert grammar is not None
    rules = _rules(grammar)
    assert rules["block"] == "file-0 | file-1"
    assert rules["file-0"].startswith('"main/a\\n<<<<<<<< SEARCH\\n" search-0 "========\\n"')
    assert rules["file-1"].endswith('">>>>>>>> REPLACE\\n"')
    assert rules["search-1"] == '"two\\n"'


def test_the_closing_line_counts_the_blocks() -> None:
    grammar = edit_grammar({"main/a": "one\n"}, 7)
    assert grammar is not None
    rules = _rules(grammar)
    assert '"END OF EDITS: 1 file, 1 block\\n" | block after-2' in rules["after-1"]
    assert (
        f'"END OF EDITS: {MAX_BLOCKS} files, {MAX_BLOCKS} blocks\\n"'
        in (rules[f"after-{MAX_BLOCKS}"])
    )
    assert f"after-{MAX_BLOCKS + 1}" not in grammar


def test_no_grammar_for_nothing_or_for_too_much() -> None:
    assert edit_grammar({}, 7) is None
    assert edit_grammar({"main/empty": ""}, 7) is None
    assert edit_grammar({"main/a": "x\n" * (MAX_LINES + 1)}, 7) is None
