"""What the grammars admit can be parsed and placed, and every edit with a place is admitted."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.grammar import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    NO_EDITS,
    edit_grammar,
    path_grammar,
)
from copilot.edits.operations import Replace, Target
from copilot.edits.parse import parse
from copilot.edits.place import place

# What a random reply picks its characters from, and how often it repeats something.
_CHARACTERS = 'ab <=>/.-_"\n\té'
_MOST_TIMES = 3
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|[|()?*+]')


class _Gbnf:
    """A grammar as llama.cpp reads it: rules of sequences, each of parts with their repetition."""

    def __init__(self, text: str) -> None:
        rules = (line.split(" ::= ", 1) for line in text.splitlines())
        self._rules = {name: self._ways(_TOKEN.findall(body)[::-1]) for name, body in rules}

    def _ways(self, tokens: list[str]) -> list[list[tuple[Any, str]]]:
        ways: list[list[tuple[Any, str]]] = [[]]
        while tokens and tokens[-1] != ")":
            token = tokens.pop()
            if token == "|":
                ways.append([])
                continue
            part: Any = token
            if token == "(":
                part = self._ways(tokens)
                tokens.pop()
            elif token[0] in '"[':
                part = token[0] + _unescaped(token[1:-1])
            repeated = tokens.pop() if tokens and tokens[-1] in {"?", "*", "+"} else ""
            ways[-1].append((part, repeated))
        return ways

    def derive(self, pick: random.Random) -> str:
        return self._derived(self._rules["root"], pick)

    def _derived(self, ways: list[list[tuple[Any, str]]], pick: random.Random) -> str:
        return "".join(
            self._part(part, pick)
            for part, repeated in pick.choice(ways)
            for _ in range(pick.randint(repeated == "+", _most(repeated)) if repeated else 1)
        )

    def _part(self, part: Any, pick: random.Random) -> str:
        if not isinstance(part, str):
            return self._derived(part, pick)
        if part[0] == '"':
            return part[1:]
        if part[0] == "[":
            return pick.choice([one for one in _CHARACTERS if _is_in(one, part[1:])])
        return self._derived(self._rules[part], pick)

    def admits(self, reply: str) -> bool:
        return len(reply) in self._ends(self._rules["root"], reply, {0})

    def _ends(self, ways: list[list[tuple[Any, str]]], reply: str, starts: set[int]) -> set[int]:
        """Return where what the ways admit can end, from each start."""
        found: set[int] = set()
        for way in ways:
            at = starts
            for part, repeated in way:
                ends = self._part_ends(part, reply, at)
                new = ends
                while repeated in {"*", "+"} and new:
                    new = self._part_ends(part, reply, new) - ends
                    ends = ends | new
                at = ends | at if repeated in {"?", "*"} else ends
                if not at:
                    break
            found |= at
        return found

    def _part_ends(self, part: Any, reply: str, starts: set[int]) -> set[int]:
        if not isinstance(part, str):
            return self._ends(part, reply, starts)
        if part[0] == '"':
            return {at + len(part) - 1 for at in starts if reply.startswith(part[1:], at)}
        if part[0] == "[":
            inside = (at for at in starts if at < len(reply))
            return {at + 1 for at in inside if _is_in(reply[at], part[1:])}
        return self._ends(self._rules[part], reply, starts)


def _most(repeated: str) -> int:
    return 1 if repeated == "?" else _MOST_TIMES


def _unescaped(text: str) -> str:
    """Read GBNF's escapes; they are JSON's but for the long one and the quotes in a set."""
    short = re.sub(r"\\U0000(....)", r"\\u\1", text)
    return str(json.loads(f'"{short}"'))


def _is_in(character: str, set_: str) -> bool:
    negated = set_.startswith("^")
    members = re.sub(r"(.)-(.)", lambda m: _range(m[1], m[2]), set_[negated:])
    return (character in members) != negated


def _range(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


_LINES = st.lists(st.text(alphabet='ab "\\{}é\t=<', max_size=3), min_size=1, max_size=12)
_ALIKE = st.lists(st.sampled_from(["x", "y", "xy", ""]), min_size=1, max_size=9)
_PICKS = st.randoms(use_true_random=False)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _grammar(text: str) -> str:
    made = edit_grammar({"main/a.py": text}, 7)
    assert made is not None
    return made


def _times(lines: Sequence[str], run: Sequence[str]) -> int:
    return sum(lines[i : i + len(run)] == run for i in range(len(lines) - len(run) + 1))


def _block(search: Sequence[str], new: str = "new\n") -> str:
    return f"main/a.py\n<<<<<<< SEARCH\n{_text(search)}=======\n{new}>>>>>>> REPLACE\n"


_ONE = "\nEND OF EDITS: 1 file, 1 block\n"


@given(st.one_of(_LINES, _ALIKE), _PICKS)
def test_every_search_that_is_admitted_has_one_place(lines: list[str], pick: random.Random) -> None:
    reply = parse(_Gbnf(_grammar(_text(lines))).derive(pick))
    for operation in reply.operations:
        assert isinstance(operation, Replace)
        assert _times(lines, operation.search.removesuffix("\n").split("\n")) == 1


@given(_LINES, _PICKS)
def test_every_block_that_is_admitted_is_placed_on_its_file(
    lines: list[str], pick: random.Random
) -> None:
    text = _text(lines)
    made = edit_grammar(
        {"main/a.py": text, "main/empty": ""}, 7, created=["main/b/c"], deleted=["main/d"]
    )
    assert made is not None
    reply = parse(_Gbnf(made).derive(pick))
    files = {"main/a.py": text.encode(), "main/empty": b"", "main/b/c": None, "main/d": b"d\n"}
    targets = {name: Target(*name.split("/", 1)) for name in files}
    originals = {targets[name]: data for name, data in files.items()}
    for operation in reply.operations:
        if isinstance(operation, Replace) and operation.search == operation.replace:
            continue
        assert place([operation], originals, targets).refusals == ()


@given(st.one_of(_LINES, _ALIKE))
def test_exactly_the_runs_that_stand_once_are_admitted(lines: list[str]) -> None:
    grammar = _grammar(_text(lines))
    for first in range(len(lines)):
        for stop in range(first + 1, len(lines) + 1):
            run = lines[first:stop]
            assert _Gbnf(grammar).admits(_block(run) + _ONE) == (_times(lines, run) == 1)
    assert not _Gbnf(grammar).admits(_block(["nowhere"]) + _ONE)


@pytest.mark.parametrize(
    ("line", "is_admitted"),
    [
        ("", True),
        ("    x = '<<<<<<<'", True),
        ("<<< x", True),
        ("=====", True),
        ("==", True),
        ("==========", True),
        ("=======x", True),
        ("=======", False),
        ("======= ", False),
        (">>>>>>> REPLACE", False),
        ("<<<<<<< SEARCH", False),
    ],
)
def test_new_text_may_be_anything_but_a_marker(line: str, is_admitted: bool) -> None:
    assert _Gbnf(_grammar("one\n")).admits(_block(["one"], f"{line}\n") + _ONE) == is_admitted


@given(_LINES, _PICKS)
def test_new_text_is_never_taken_for_a_marker(lines: list[str], pick: random.Random) -> None:
    grammar = _grammar(_text(lines))
    reply = _Gbnf(grammar).derive(pick)
    assert len(parse(reply).operations) == reply.count("\n<<<<<<< SEARCH\n")


def test_the_closing_line_counts_the_blocks() -> None:
    grammar = _grammar("one\n")
    block = _block(["one"])
    assert _Gbnf(grammar).admits(f"{block}\n{block}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert not _Gbnf(grammar).admits(f"{block}\n{block}\nEND OF EDITS: 1 file, 1 block\n")
    assert not _Gbnf(grammar).admits("\n".join([block] * (MAX_BLOCKS + 1)))
    assert _Gbnf(grammar).admits(NO_EDITS)


def test_files_to_create_and_delete_come_first_and_once() -> None:
    made = edit_grammar({}, 7, created=["main/new"], deleted=["main/old"])
    assert made is not None
    gone = "main/old\n<<<<<<< DELETE\n>>>>>>> END\n"
    new = "main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n"
    assert _Gbnf(made).admits(f"{gone}\n{new}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert not _Gbnf(made).admits(f"{new}\nEND OF EDITS: 1 file, 1 block\n")
    assert not _Gbnf(made).admits(NO_EDITS)


def test_where_a_reply_is_mended_any_block_may_be_left_out() -> None:
    made = edit_grammar({"main/a.py": "one\n"}, 7, created=["main/new"], again=True)
    assert made is not None
    assert _Gbnf(made).admits(NO_EDITS)
    assert _Gbnf(made).admits(_block(["one"]) + _ONE)
    assert _Gbnf(made).admits(f"main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n{_ONE}")


def test_the_list_of_files_names_only_those_that_exist_or_are_new() -> None:
    made = path_grammar(["main/a.py", "main/a.pyi", "lib/b"], ["main", "lib"])
    assert made is not None
    assert _Gbnf(made).admits("main/a.py\nlib/b\nCREATE main/x/y.z\nEND OF FILES: 3 files\n")
    assert _Gbnf(made).admits("main/a.pyi\nEND OF FILES: 1 file\n")
    assert not _Gbnf(made).admits("END OF FILES: 0 files\n")
    for wrong in ("main/c", "CREATE other/x", "DELETE lib/b", "a.py", "CREATE main/"):
        assert not _Gbnf(made).admits(f"{wrong}\nEND OF FILES: 1 file\n")


@pytest.mark.parametrize(
    "text",
    [
        "same\n" * 5_000,
        _text([f"line {number % 2_500}" for number in range(5_000)]),
        _text([f"line {number % 50}" for number in range(5_000)]),
        _text(["a" * (number % 700) for number in range(3_000)]),
        _text([f"}}\n{'  ' * (number % 7)}unique {number}" for number in range(2_500)]),
    ],
    ids=["one line", "two copies", "many copies", "prefixes", "between braces"],
)
def test_a_grammar_is_at_most_some_times_as_long_as_the_text(text: str) -> None:
    lines = text.count("\n")
    assert len(_grammar(text)) < 5 * len(text) + 60 * lines + 2_000


def test_lines_that_begin_alike_share_their_beginning() -> None:
    text = _text([f"        value_{number:04} = compute({number})" for number in range(3_000)])
    widest = max(line.count(" | ") for line in _grammar(text).splitlines())
    assert widest < 12


def test_no_grammar_for_nothing_or_for_too_much() -> None:
    assert edit_grammar({}, 7) is None
    assert edit_grammar({"main/a": "x" * (MAX_CHARACTERS + 1)}, 7) is None
    assert path_grammar(["x" * (MAX_CHARACTERS + 1)], ["main"]) is None
