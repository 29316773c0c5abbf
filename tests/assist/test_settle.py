"""What is left of a constrained reply has its places together; nothing is left out without need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from copilot.assist.settle import settle
from copilot.edits.operations import (
    Create,
    Delete,
    Operation,
    Overwrite,
    Rename,
    Replace,
    Reply,
    Target,
)
from copilot.edits.place import Placement, place
from copilot.edits.works import named_paths

TEXTS = {"app/a": "1\n2\n3\n", "app/b": "1\n2\n", "app/empty": ""}
# What a grammar admits: paths that are free, two of which some disks take for one.
NEW = ("app/x", "app/X", "app/x/y", "app/z/w", "app/z")
_RUNS = ("1\n", "2\n", "1\n2\n", "2\n3\n", "3\n")

_KNOWN = st.sampled_from(["app/a", "app/b"])
_REPLACE = st.builds(
    Replace,
    st.just("app/a"),
    st.sampled_from(_RUNS),
    st.sampled_from(["", "2\n", "9\n"]),
    st.just(0),
)
_WHOLE = st.one_of(
    st.builds(Overwrite, st.just("app/empty"), st.just("text\n"), st.just(0)),
    st.builds(Delete, st.sampled_from(sorted(TEXTS)), st.just(0)),
    st.builds(Rename, st.sampled_from(sorted(TEXTS)), st.sampled_from(NEW), st.just(0)),
    st.builds(Create, st.sampled_from(NEW), st.just("new\n"), st.just(0)),
)


def reply_of(*operations: Operation) -> Reply:
    numbered = tuple(replace(one, line=number) for number, one in enumerate(operations, 1))
    return Reply(numbered, "", None, None)


def placed(operations: Sequence[Operation]) -> Placement:
    names = {name for operation in operations for name in named_paths(operation)}
    targets = {name: Target(*name.split("/", 1)) for name in names}
    originals = {targets[name]: TEXTS[name].encode() if name in TEXTS else None for name in names}
    return place(operations, originals, targets)


@given(st.lists(st.one_of(_REPLACE, _WHOLE), max_size=8))
def test_what_is_left_can_be_placed_together(operations: list[Operation]) -> None:
    made = settle(reply_of(*operations), TEXTS)
    assert placed(made.reply.operations).refusals == ()
    assert len(made.reply.operations) + len(made.left_out) == len(operations)


@given(st.lists(st.one_of(_REPLACE, _WHOLE), max_size=5))
def test_what_can_be_placed_together_is_left_as_it_is(operations: list[Operation]) -> None:
    reply = reply_of(*operations)
    # Not every disk has place for both.
    assume("app/X" not in {name for one in operations for name in named_paths(one)})
    if placed(reply.operations).refusals == () and placed(reply.operations).already_applied == ():
        idle = [o for o in reply.operations if isinstance(o, Replace) and o.search == o.replace]
        assert len(settle(reply, TEXTS).left_out) == len(idle)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (Delete("app/a", 0), Replace("app/a", "1\n", "", 0), "cannot stand beside"),
        (Replace("app/a", "1\n", "", 0), Delete("app/a", 0), "cannot stand beside"),
        (Create("app/x", "", 0), Create("app/X", "", 0), "cannot stand beside"),
        (Create("app/x", "", 0), Rename("app/a", "app/x/y", 0), "cannot stand beside"),
        (Rename("app/a", "app/x/y", 0), Create("app/x", "", 0), "cannot stand beside"),
        (Replace("app/a", "1\n2\n", "", 0), Replace("app/a", "2\n", "", 0), "overlaps"),
    ],
)
def test_the_second_of_two_that_clash_is_left_out(
    first: Operation, second: Operation, why: str
) -> None:
    made = settle(reply_of(first, second), TEXTS)
    assert made.reply.operations == (replace(first, line=1),)
    assert made.left_out[0].startswith(f"line 2 of the reply: {why}")
    assert made.left_out[0].endswith("the block at line 1")


def test_a_file_may_move_and_change() -> None:
    reply = reply_of(Rename("app/a", "app/x", 0), Replace("app/a", "1\n", "", 0))
    assert settle(reply, TEXTS).left_out == ()
