"""What the grammars admit can be parsed and placed, and every edit with a place is admitted."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

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
from copilot.edits.grammar_paths import MOST_CHARACTERS, MOST_NEW, NewPaths
from copilot.edits.grammar_rules import Rules
from copilot.edits.operations import Replace, Target
from copilot.edits.parse import parse
from copilot.edits.path_lines import path_in
from copilot.edits.paths import qualify
from copilot.edits.place import place
from copilot.edits.works import named_paths

# What a random reply picks its characters from, and how often it repeats something.
_CHARACTERS = 'abgitGIT <=>/.-_"\n\té'
_MOST_TIMES = 3
_DEEP = 60
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|[|()?*+]|\{0,\d+\}')


class _Gbnf:
    """A grammar as llama.cpp reads it: rules of sequences, each of parts with their repetition."""

    def __init__(self, text: str) -> None:
        rules = (line.split(" ::= ", 1) for line in text.splitlines())
        self._rules = {name: _ways_in(body) for name, body in rules}

    def derive(self, pick: random.Random) -> str:
        """Return a random sentence; what has gone deep takes the way with the fewest rules."""
        return self._derived(self._rules["root"], pick, 0)

    def _derived(self, ways: list[list[tuple[Any, str]]], pick: random.Random, depth: int) -> str:
        way = pick.choice(ways) if depth < _DEEP else min(ways, key=_rules_of)
        return "".join(
            self._part(part, pick, depth + 1)
            for part, repeated in way
            for _ in range(pick.randint(repeated == "+", _most(repeated)) if repeated else 1)
        )

    def _part(self, part: Any, pick: random.Random, depth: int) -> str:
        if not isinstance(part, str):
            return self._derived(part, pick, depth)
        if part[0] == '"':
            return part[1:]
        if part[0] == "[":
            known = [one for one in _CHARACTERS if _is_in(one, part[1:])]
            return pick.choice(known or [part[1]])
        return self._derived(self._rules[part], pick, depth)

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
                left = _times_more(repeated)
                while left and new:
                    new, left = self._part_ends(part, reply, new) - ends, left - 1
                    ends = ends | new
                at = ends | at if repeated and repeated != "+" else ends
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


# Most rules of a grammar stand in the next one as well.
@lru_cache(maxsize=10_000)
def _ways_in(body: str) -> list[list[tuple[Any, str]]]:
    return _ways(_TOKEN.findall(body)[::-1])


def _ways(tokens: list[str]) -> list[list[tuple[Any, str]]]:
    ways: list[list[tuple[Any, str]]] = [[]]
    while tokens and tokens[-1] != ")":
        token = tokens.pop()
        if token == "|":
            ways.append([])
            continue
        part: Any = token
        if token == "(":
            part = _ways(tokens)
            tokens.pop()
        elif token[0] in '"[':
            part = token[0] + _unescaped(token[1:-1])
        repeated = tokens.pop() if tokens and tokens[-1][0] in "?*+{" else ""
        ways[-1].append((part, repeated))
    return ways


def _rules_of(way: list[tuple[Any, str]]) -> int:
    return sum(not isinstance(part, str) or part[0] not in '"[' for part, _ in way)


def _most(repeated: str) -> int:
    return 1 if repeated == "?" else _MOST_TIMES


def _times_more(repeated: str) -> int:
    """Return how often a part may be repeated after its first time."""
    if repeated.startswith("{"):
        return int(repeated[3:-1]) - 1
    return 10**6 if repeated in {"*", "+"} else 0


def _unescaped(text: str) -> str:
    """Read GBNF's escapes; they are JSON's but for the long one and the quotes in a set."""
    short = re.sub(r"\\U0000(....)", r"\\u\1", text)
    return str(json.loads(f'"{short}"'))


def _is_in(character: str, set_: str) -> bool:
    return (character in _members(set_)) != set_.startswith("^")


@lru_cache(maxsize=10_000)
def _members(set_: str) -> str:
    return re.sub(r"(.)-(.)", lambda m: _range(m[1], m[2]), set_.removeprefix("^"))


def _range(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


_LINES = st.lists(st.text(alphabet='ab "\\{}é\t=<', max_size=3), min_size=1, max_size=12)
_ALIKE = st.lists(st.sampled_from(["x", "y", "xy", ""]), min_size=1, max_size=9)
_PICKS = st.randoms(use_true_random=False)


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


@given(st.one_of(_LINES, _ALIKE), _PICKS)
def test_every_search_that_is_admitted_has_one_place(lines: list[str], pick: random.Random) -> None:
    reply = parse(_Gbnf(_grammar(_text(lines))).derive(pick))
    for operation in reply.operations:
        assert isinstance(operation, Replace)
        assert _times(lines, operation.search.removesuffix("\n").split("\n")) == 1


_WHOLES = Wholes(deleted=("main/d",), renamed=("main/e",), created=("main/b/c",))


@pytest.mark.parametrize("is_one_step", [True, False], ids=["one step", "two steps"])
@given(lines=_LINES, pick=_PICKS)
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
    reply = parse(_Gbnf(made).derive(pick))
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
    grammar = _Gbnf(_grammar(_text(lines)))
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
    assert _Gbnf(_grammar("one\n")).admits(_block(["one"], f"{line}\n") + _ONE) == is_admitted


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
    grammar = _Gbnf(_grammar("Title\n=====\n"))
    assert grammar.admits(_block(["Title"], f"{line}\n") + _ONE) == is_admitted


@given(st.one_of(_LINES, _ALIKE), _PICKS)
def test_a_short_block_has_one_place(lines: list[str], pick: random.Random) -> None:
    texts = {"main/a.py": _text(lines), "main/empty": ""}
    made = short_grammar(texts, 7)
    assume(made is not None)
    (block,) = parse(_Gbnf(made or "").derive(pick)).operations
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
            assert _Gbnf(made).admits(_block(alone[0]) + _ONE)


def test_a_short_block_is_short() -> None:
    made = short_grammar({"main/a.py": _text([f"line {number}" for number in range(40)])}, 7)
    assert made is not None
    search = [f"line {number}" for number in range(3, 11)]
    assert _Gbnf(made).admits(_block(search[:7], "x\n" * SHORT_LINES) + _ONE)
    assert not _Gbnf(made).admits(_block(search) + _ONE)
    assert not _Gbnf(made).admits(_block(search[:1], "x\n" * (SHORT_LINES + 1)) + _ONE)
    assert not _Gbnf(made).admits(_block(search[:1], f"{'x' * 200}\n") + _ONE)


def test_a_file_may_be_called_by_its_bare_name_too() -> None:
    texts = {"main/main/a.py": "one\n", "main/main/empty": "", "main/b": "b\n"}
    bare = {"main/main/a.py": "main/a.py", "main/main/empty": "main/empty"}
    made = (edit_grammar(texts, 7, _PATHS, bare=bare), short_grammar(texts, 7, bare))
    for grammar in made:
        assert grammar is not None
        for name in ("main/main/a.py", "main/a.py"):
            block = _block(["one"]).replace("main/a.py", name)
            assert _Gbnf(grammar).admits(block + _ONE)
    empty = "main/empty\n<<<<<<< OVERWRITE\nx\n>>>>>>> END\n"
    assert _Gbnf(made[0] or "").admits(empty + _ONE)


def test_no_short_block_where_no_few_lines_stand_once() -> None:
    assert short_grammar({"main/a.py": "same\n" * 50, "main/empty": ""}, 7) is None
    assert short_grammar({"main/a": "x" * (MAX_CHARACTERS + 1)}, 7) is None


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


def test_only_asked_again_a_model_may_write_no_block() -> None:
    again = edit_grammar({"main/a.py": "one\n"}, 7, _PATHS, _NO_WHOLES, again=True)
    assert not _Gbnf(_grammar("one\n")).admits(NO_EDITS)
    assert again is not None
    assert _Gbnf(again).admits(NO_EDITS)


def _idle(*lines: str) -> Replace:
    return Replace("main/a.py", _text(lines), _text(lines), 2)


@given(_LINES, _PICKS)
def test_what_has_to_differ_does(lines: list[str], pick: random.Random) -> None:
    (block,) = parse(_Gbnf(differing_grammar([_idle(*lines)], 7)).derive(pick)).operations
    assert isinstance(block, Replace)
    assert (block.path, block.search) == ("main/a.py", _text(lines))
    assert block.replace != block.search


@given(_LINES, _LINES)
def test_what_has_to_differ_may_be_anything_else(lines: list[str], new: list[str]) -> None:
    grammar = _Gbnf(differing_grammar([_idle(*lines)], 7))
    assert not grammar.admits(_block(lines, _text(lines)) + _ONE)
    # Blanks at the ends of lines, and empty lines behind all, make no difference.
    lines, new = ([line.rstrip() for line in one] for one in (lines, new))
    grammar = _Gbnf(differing_grammar([_idle(*lines)], 7))
    differs = _text(lines).rstrip("\n") != _text(new).rstrip("\n")
    # Where a line begins like a marker, another one has to begin otherwise.
    has_marks = any(line[:1] in ("<", "=") for line in (*lines, *new))
    if differs and not has_marks and "\n" * 5 not in _text(new):
        assert grammar.admits(_block(lines, _text(new)) + _ONE)


def test_each_of_several_blocks_has_to_differ() -> None:
    grammar = _Gbnf(differing_grammar([_idle("one"), _idle("two", "three")], 7))
    one, same = _block(["one"]), _block(["two", "three"], "two\nthree\n")
    assert grammar.admits(f"{one}\n{_block(['two', 'three'])}\nEND OF EDITS: 1 file, 2 blocks\n")
    assert not grammar.admits(f"{one}\n{same}\nEND OF EDITS: 1 file, 2 blocks\n")


def test_files_to_create_come_first_and_once() -> None:
    made = edit_grammar({}, 7, _PATHS, Wholes(deleted=("main/old",), created=("main/new",)))
    assert made is not None
    gone = "main/old\n<<<<<<< DELETE\n>>>>>>> END\n"
    new = "main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n"
    assert _Gbnf(made).admits(f"{new}\n{gone}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert _Gbnf(made).admits(f"{new}\nEND OF EDITS: 1 file, 1 block\n")
    assert not _Gbnf(made).admits(f"{gone}\nEND OF EDITS: 1 file, 1 block\n")
    assert not _Gbnf(made).admits(f"{gone}\n{new}\nEND OF EDITS: 2 files, 2 blocks\n")
    assert not _Gbnf(made).admits(NO_EDITS)


def test_where_a_reply_is_mended_any_block_may_be_left_out() -> None:
    made = edit_grammar(
        {"main/a.py": "one\n"}, 7, _PATHS, Wholes(created=("main/new",)), again=True
    )
    assert made is not None
    assert _Gbnf(made).admits(NO_EDITS)
    assert _Gbnf(made).admits(_block(["one"]) + _ONE)
    assert _Gbnf(made).admits(f"main/new\n<<<<<<< CREATE\ntext\n>>>>>>> END\n{_ONE}")


def test_a_file_moves_to_a_new_path_and_may_be_edited_with_it() -> None:
    made = edit_grammar({"main/a.py": "one\n"}, 7, _PATHS, Wholes(renamed=("main/a.py",)))
    assert made is not None
    moved = "main/a.py\n<<<<<<< RENAME\nmain/{}\n>>>>>>> END\n"
    for new, is_admitted in {"b/c.py": True, "a.py": False, "A.py": False, "a.py/b": False}.items():
        reply = f"{moved.format(new)}\n{_block(['one'])}\nEND OF EDITS: 2 files, 2 blocks\n"
        assert _Gbnf(made).admits(reply) == is_admitted


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
        assert _Gbnf(made).admits(block + _ONE) == is_admitted


_NAME = st.text(alphabet="aAb.git/ é-~", min_size=1, max_size=8)


def _side_by_side(names: list[str]) -> list[str]:
    """Leave out names below other files: no disk holds both."""
    folded = [name.casefold() for name in names]
    return [n for n in names if not any(n.casefold().startswith(f"{one}/") for one in folded)]


_NAMES = st.lists(
    _NAME.filter(lambda name: isinstance(qualify(f"main/{name}", ["main"]), Target)), max_size=6
).map(_side_by_side)


def _new_paths(names: Collection[str]) -> _Gbnf:
    rules = Rules()
    made = NewPaths(("main",), [f"main/{name}" for name in names]).add(rules)
    rules.add("root", made["main"])
    return _Gbnf(rules.text())


def _is_free(path: str, names: Collection[str]) -> bool:
    """Tell whether a path is neither a file that is there, nor a folder, nor below a file."""
    folded = path.casefold()
    others = [name.casefold() for name in names]
    return not any(
        folded == other or folded.startswith(f"{other}/") or other.startswith(f"{folded}/")
        for other in others
    )


@given(_NAMES, _PICKS)
def test_every_new_path_that_is_admitted_is_free_and_safe(
    names: list[str], pick: random.Random
) -> None:
    name = _new_paths(names).derive(pick).removesuffix("\n")
    assert path_in(name) == name
    assert qualify(name, ["main"]) == Target("main", name.removeprefix("main/"))
    assert _is_free(name.removeprefix("main/"), names)


@given(
    _NAMES, st.from_regex(r"([a-z0-9_][a-z0-9_-]*/){0,2}[.]?[a-z][a-z_]*([.]py)?", fullmatch=True)
)
def test_every_usual_path_that_is_free_is_admitted(names: list[str], path: str) -> None:
    assume(len(path) <= MOST_NEW)
    is_free = _is_free(path, names) and "/.git/" not in f"/{path}/"
    assert _new_paths(names).admits(f"main/{path}\n") == is_free


def test_a_path_does_not_go_on_without_end() -> None:
    shared = "a" * 100
    names = _new_paths([f"{shared}b"])
    for new in ("c" * MOST_NEW, "c." * (MOST_NEW // 2 - 1) + "cc", "/c" * (MOST_NEW // 2)):
        assert names.admits(f"main/{shared}{new}\n")
        assert not names.admits(f"main/{shared}{new}c\n")


def test_a_path_may_not_be_read_as_a_file_in_a_folder_of_the_repositorys_name() -> None:
    assert not _new_paths(["main/a.py"]).admits("main/a.py\n")
    assert _new_paths(["main/a.py"]).admits("main/b.py\n")


def test_rules_for_paths_are_small_and_the_same_each_time() -> None:
    names = [f"package/module{number}/tests/test_{number % 7}.py" for number in range(1_000)]
    orders = [
        NewPaths(("main",), [f"main/{name}" for name in order]) for order in (names, names[::-1])
    ]
    moved = Wholes(renamed=(f"main/{names[0]}",))
    texts = [edit_grammar({}, 7, paths, moved) for paths in orders]
    assert texts[0] == texts[1]
    assert len(texts[0] or "") < 3 * sum(map(len, names))


def test_of_too_many_names_none_is_told_apart() -> None:
    names = [f"{number:010}" for number in range(MOST_CHARACTERS // 10 + 1)]
    assert _new_paths(names).admits(f"main/{names[0]}\n")


def test_an_empty_repository_can_be_begun() -> None:
    made = path_grammar([], NewPaths(("main",)))
    assert made is not None
    assert _Gbnf(made).admits("CREATE main/a.py\nEND OF FILES: 1 file\n")


def test_the_list_of_files_names_only_those_that_exist_or_are_new() -> None:
    names = ["main/a.py", "main/a.pyi", "lib/b"]
    made = path_grammar(names, NewPaths(("main", "lib"), names))
    assert made is not None
    assert _Gbnf(made).admits("main/a.py\nlib/b\nCREATE main/x/y.z\nEND OF FILES: 3 files\n")
    assert _Gbnf(made).admits("DELETE lib/b\nRENAME main/a.py\nEND OF FILES: 2 files\n")
    assert _Gbnf(made).admits("main/a.pyi\nEND OF FILES: 1 file\n")
    assert not _Gbnf(made).admits("END OF FILES: 0 files\n")
    wrongs = ("main/c", "CREATE other/x", "DELETE lib/c", "RENAME main/x", "a.py", "CREATE main/")
    for wrong in (*wrongs, "CREATE main/a.py", "CREATE lib/B"):
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
    assert edit_grammar({}, 7, _PATHS, _NO_WHOLES) is None
    assert edit_grammar({}, 7, NewPaths()) is None
    assert edit_grammar({"main/a": "x" * (MAX_CHARACTERS + 1)}, 7, _PATHS) is None
    assert path_grammar(["x" * (MAX_CHARACTERS + 1)], _PATHS) is None
    assert path_grammar([], NewPaths()) is None
