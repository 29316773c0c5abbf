"""What the grammars admit can be parsed and placed, and every edit with a place is admitted."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from copilot.edits.grammar import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    NO_EDITS,
    SHORT_LINES,
    Wholes,
    differing_grammar,
    edit_grammar,
    path_grammar,
    short_grammar,
)
from copilot.edits.grammar_paths import NewPaths
from copilot.edits.operations import Replace, Target
from copilot.edits.parse import parse
from copilot.edits.place import place
from copilot.edits.works import named_paths
from tests.edits.gbnf import PICKS, Gbnf

_LINES = st.lists(st.text(alphabet='ab "\\{}é\t=<', max_size=3), min_size=1, max_size=12)
_ALIKE = st.lists(st.sampled_from(["x", "y", "xy", ""]), min_size=1, max_size=9)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_PATHS = NewPaths(("main",), ("main/a.py",))
_NO_WHOLES = Wholes()


def _grammar(text: str) -> str:
    made = edit_grammar({"main/a.py": text}, 7, _PATHS, _NO_WHOLES)
    assert made is not None
    return made


def _times(lines: Sequence[str], run: Sequence[str]) -> int:
    return sum(lines[i : i + len(run)] == run for i in range(len(lines) - len(run) + 1))


def _block(search: Sequence[str], new: str = "new\n") -> str:
    return f"main/a.py\n<<<<<<< SEARCH\n{_text(search)}=======\n{new}>>>>>>> REPLACE\n"


_ONE = "\nEND OF EDITS: 1 file, 1 block\n"


@given(st.one_of(_LINES, _ALIKE), PICKS)
def test_every_search_that_is_admitted_has_one_place(lines: list[str], pick: random.Random) -> None:
    reply = parse(Gbnf(_grammar(_text(lines))).derive(pick))
    for operation in reply.operations:
        assert isinstance(operation, Replace)
        assert _times(lines, operation.search.removesuffix("\n").split("\n")) == 1


_WHOLES = Wholes(deleted=("main/d",), renamed=("main/e",), created=("main/b/c",))


@pytest.mark.parametrize("is_one_step", [True, False], ids=["one step", "two steps"])
@given(lines=_LINES, pick=PICKS)
def test_every_block_that_is_admitted_is_placed_on_its_file(
    is_one_step: bool, lines: list[str], pick: random.Random
) -> None:
    texts = {"main/a.py": _text(lines), "main/empty": "", "main/e": "e\n"}
    if is_one_step:
        texts["main/d"] = "d\n"
    there = {"main/a.py", "main/empty", "main/d", "main/e", "main/unseen/x"}
    wholes, offered = (None, _WHOLES) if is_one_step else (_WHOLES, None)
    made = edit_grammar(texts, 7, NewPaths(("main",), there), wholes, offered=offered)
    assert made is not None
    reply = parse(Gbnf(made).derive(pick))
    names = {name for operation in reply.operations for name in named_paths(operation)} | there
    targets = {name: Target(*name.split("/", 1)) for name in names}
    originals = {
        targets[name]: texts.get(name, "x\n").encode() if name in there else None for name in names
    }
    for operation in reply.operations:
        if isinstance(operation, Replace) and operation.search == operation.replace:
            continue
        refusals = place([operation], originals, targets).refusals
        assert [r for r in refusals if "left out" not in r.reason] == []


@given(st.one_of(_LINES, _ALIKE))
def test_exactly_the_runs_that_stand_once_are_admitted(lines: list[str]) -> None:
    grammar = Gbnf(_grammar(_text(lines)))
    for first in range(len(lines)):
        for stop in range(first + 1, len(lines) + 1):
            run = lines[first:stop]
            assert grammar.admits(_block(run) + _ONE) == (_times(lines, run) == 1)
    assert not grammar.admits(_block(["nowhere"]) + _ONE)


@pytest.mark.parametrize(
    ("line", "is_admitted"),
    [
        ("", True),
        ("    x = '<<<<<<<'", True),
        ("<<< x", True),
        ("=> x", True),
        ("===", True),
        ("=====", False),
        ("=======", False),
        ("=======>>>>>>> REPLACE", False),
        ("\n\n", True),
        ("a\n\n\n\nb", True),
        ("a\n\n\n \n\nb", False),
        (">>>>>>> REPLACE", False),
        ("<<<<<<< SEARCH", False),
        ("END", True),
        ("END OF LIST", True),
        ("END OF EDITS", False),
        ("END OF EDITS: 1 file, 1 block", False),
    ],
)
def test_new_text_may_be_anything_but_a_marker(line: str, is_admitted: bool) -> None:
    assert Gbnf(_grammar("one\n")).admits(_block(["one"], f"{line}\n") + _ONE) == is_admitted


@pytest.mark.parametrize(
    ("line", "is_admitted"),
    [
        ("==", True),
        ("=====", True),
        ("==========", True),
        ("=======", False),
        ("======= ", False),
        ("=======x", False),
        ("=======>>>>>>> REPLACE", False),
        ("==========>", False),
    ],
)
def test_where_headings_are_underlined_new_ones_may_be(line: str, is_admitted: bool) -> None:
    grammar = Gbnf(_grammar("Title\n=====\n"))
    assert grammar.admits(_block(["Title"], f"{line}\n") + _ONE) == is_admitted


@given(st.one_of(_LINES, _ALIKE), PICKS)
def test_a_short_block_has_one_place(lines: list[str], pick: random.Random) -> None:
    texts = {"main/a.py": _text(lines), "main/empty": ""}
    made = short_grammar(texts, 7)
    assume(made is not None)
    (block,) = parse(Gbnf(made or "").derive(pick)).operations
    assert isinstance(block, Replace)
    run = block.search.removesuffix("\n").split("\n")
    assert _times(lines, run) == 1
    assert len(run) <= 12
    assert len([line for line in block.replace.split("\n") if line.strip()]) <= SHORT_LINES


@given(st.one_of(_LINES, _ALIKE))
def test_wherever_a_few_lines_stand_once_a_short_block_may_begin(lines: list[str]) -> None:
    made = short_grammar({"main/a.py": _text(lines)}, 7)
    for start in range(len(lines)):
        runs = [
            lines[start : start + count] for count in range(1, 7) if start + count <= len(lines)
        ]
        if alone := [run for run in runs if _times(lines, run) == 1]:
            assert made is not None
            assert Gbnf(made).admits(_block(alone[0]) + _ONE)


def test_a_short_block_is_short() -> None:
    made = short_grammar({"main/a.py": _text([f"line {number}" for number in range(40)])}, 7)
    assert made is not None
    search = [f"line {number}" for number in range(3, 11)]
    assert Gbnf(made).admits(_block(search[:7], "x\n" * SHORT_LINES) + _ONE)
    assert not Gbnf(made).admits(_block(search) + _ONE)
    assert not Gbnf(made).admits(_block(search[:1], "x\n" * (SHORT_LINES + 1)) + _ONE)
    assert not Gbnf(made).admits(_block(search[:1], f"{'x' * 200}\n") + _ONE)


def test_a_file_may_be_called_by_its_bare_name_too() -> None:
    texts = {"main/main/a.py": "one\n", "main/main/empty": "", "main/b": "b\n"}
    bare = {"main/main/a.py": "main/a.py", "main/main/empty": "main/empty"}
    made = (edit_grammar(texts, 7, _PATHS, bare=bare), short_grammar(texts, 7, bare))
    for grammar in made:
        assert grammar is not None
        for name in ("main/main/a.py", "main/a.py"):
            block = _block(["one"]).replace("main/a.py", name)
            assert Gbnf(grammar).admits(block + _ONE)
    empty = "main/empty\n<<<<<<< OVERWRITE\nx\n>>>>>>> END\n"
    assert Gbnf(made[0] or "").admits(empty + _ONE)


def test_no_short_block_where_no_few_lines_stand_once() -> None:
    assert short_grammar({"main/a.py": "same\n" * 50, "main/empty": ""}, 7) is None
    assert short_grammar({"main/a": "x" * (MAX_CHARACTERS + 1)}, 7) is None


@given(_LINES, PICKS)
def test_new_text_is_never_taken_for_a_marker(lines: list[str], pick: random.Random) -> None:
    grammar = _grammar(_text(lines))
    reply = Gbnf(grammar).derive(pick)
    assert len(parse(reply).operations) == reply.count("\n<<<<<<< SEARCH\n")


def test_the_closing_line_counts_the_blocks() -> None:
    grammar = _grammar("one\n")
    block = _block(["one"])
    assert Gbnf(grammar).admits(f"{block}\n{block}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert not Gbnf(grammar).admits(f"{block}\n{block}\nEND OF EDITS: 1 file, 1 block\n")
    assert not Gbnf(grammar).admits("\n".join([block] * (MAX_BLOCKS + 1)))


def test_only_asked_again_a_model_may_write_no_block() -> None:
    again = edit_grammar({"main/a.py": "one\n"}, 7, _PATHS, _NO_WHOLES, again=True)
    assert not Gbnf(_grammar("one\n")).admits(NO_EDITS)
    assert again is not None
    assert Gbnf(again).admits(NO_EDITS)


def _idle(*lines: str) -> Replace:
    return Replace("main/a.py", _text(lines), _text(lines), 2)


@given(_LINES, PICKS)
def test_what_has_to_differ_does(lines: list[str], pick: random.Random) -> None:
    (block,) = parse(Gbnf(differing_grammar([_idle(*lines)], 7)).derive(pick)).operations
    assert isinstance(block, Replace)
    assert (block.path, block.search) == ("main/a.py", _text(lines))
    assert block.replace != block.search


@given(_LINES, _LINES)
def test_what_has_to_differ_may_be_anything_else(lines: list[str], new: list[str]) -> None:
    grammar = Gbnf(differing_grammar([_idle(*lines)], 7))
    assert not grammar.admits(_block(lines, _text(lines)) + _ONE)
    # Blanks at the ends of lines, and empty lines behind all, make no difference.
    lines, new = ([line.rstrip() for line in one] for one in (lines, new))
    grammar = Gbnf(differing_grammar([_idle(*lines)], 7))
    differs = _text(lines).rstrip("\n") != _text(new).rstrip("\n")
    # Where a line begins like a marker, another one has to begin otherwise.
    has_marks = any(line[:1] in ("<", "=") for line in (*lines, *new))
    if differs and not has_marks and "\n" * 5 not in _text(new):
        assert grammar.admits(_block(lines, _text(new)) + _ONE)


def test_each_of_several_blocks_has_to_differ() -> None:
    grammar = Gbnf(differing_grammar([_idle("one"), _idle("two", "three")], 7))
    one, same = _block(["one"]), _block(["two", "three"], "two\nthree\n")
    assert grammar.admits(f"{one}\n{_block(['two', 'three'])}\nEND OF EDITS: 1 file, 2 blocks\n")
    assert not grammar.admits(f"{one}\n{same}\nEND OF EDITS: 1 file, 2 blocks\n")


def test_files_to_create_come_first_and_once() -> None:
    made = edit_grammar({}, 7, _PATHS, Wholes(deleted=("main/old",), created=("main/new",)))
    assert made is not None
    gone = "main/old\n<<<<<<< DELETE\n>>>>>>> END\n"
    new = "main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n"
    assert Gbnf(made).admits(f"{new}\n{gone}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert Gbnf(made).admits(f"{new}\nEND OF EDITS: 1 file, 1 block\n")
    assert not Gbnf(made).admits(f"{gone}\nEND OF EDITS: 1 file, 1 block\n")
    assert not Gbnf(made).admits(f"{gone}\n{new}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert not Gbnf(made).admits(NO_EDITS)


def test_where_a_reply_is_mended_any_block_may_be_left_out() -> None:
    made = edit_grammar(
        {"main/a.py": "one\n"}, 7, _PATHS, Wholes(created=("main/new",)), again=True
    )
    assert made is not None
    assert Gbnf(made).admits(NO_EDITS)
    assert Gbnf(made).admits(_block(["one"]) + _ONE)
    assert Gbnf(made).admits(f"main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n{_ONE}")


def test_a_file_moves_to_a_new_path_and_may_be_edited_with_it() -> None:
    made = edit_grammar({"main/a.py": "one\n"}, 7, _PATHS, Wholes(renamed=("main/a.py",)))
    assert made is not None
    moved = "main/a.py\n<<<<<<< RENAME\nmain/{}\n>>>>>>> END\n"
    for new, is_admitted in {"b/c.py": True, "a.py": False, "A.py": False, "a.py/b": False}.items():
        reply = f"{moved.format(new)}\n{_block(['one'])}\nEND OF EDITS: 2 files, 2 blocks\n"
        assert Gbnf(made).admits(reply) == is_admitted


def test_files_that_are_offered_may_be_deleted_moved_and_made() -> None:
    paths = NewPaths(("main", "lib"), ["lib/b"])
    texts = {"main/a.py": "one\n", "lib/b": ""}
    made = edit_grammar(texts, 7, paths, offered=Wholes(("lib/b",), ("lib/b",), ("main/asked",)))
    assert made is not None
    for block, is_admitted in {
        "A file to delete:\nlib/b\n<<<<<<< DELETE\n>>>>>>> END\n": True,
        "A file to move:\nlib/b\n<<<<<<< RENAME\nlib/c\n>>>>>>> END\n": True,
        "A file to move:\nlib/b\n<<<<<<< RENAME\nmain/c\n>>>>>>> END\n": False,
        "A file to delete:\nlib/c\n<<<<<<< DELETE\n>>>>>>> END\n": False,
        "lib/b\n<<<<<<< DELETE\n>>>>>>> END\n": False,
        "main/asked\n<<<<<<< CREATE\n>>>>>>> END\n": True,
        "A file to delete:\nmain/a.py\n<<<<<<< DELETE\n>>>>>>> END\n": False,
        "main/asked\n<<<<<<< CREATE\nany\nthing\n>>>>>>> END\n": True,
        "lib/c\n<<<<<<< CREATE\n>>>>>>> END\n": False,
    }.items():
        assert Gbnf(made).admits(block + _ONE) == is_admitted


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
    assert edit_grammar({}, 7, _PATHS, _NO_WHOLES) is None
    assert edit_grammar({}, 7, NewPaths()) is None
    assert edit_grammar({"main/a": "x" * (MAX_CHARACTERS + 1)}, 7, _PATHS) is None
    assert path_grammar(["x" * (MAX_CHARACTERS + 1)], _PATHS) is None
    assert path_grammar([], NewPaths()) is None
