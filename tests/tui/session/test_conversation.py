"""The conversation as lines."""

from __future__ import annotations

import pytest

from copilot.assist.session.protocol import Kind, Turn
from copilot.backends.protocol import Usage
from copilot.tui.session.conversation import CodeBlock, Conversation
from copilot.tui.session.lines import Line
from copilot.tui.session.turns import asked_lines

CODE = "so:\n```py\na = 1\n\n\tb\n```\nand\n```\nplain\n```\n"


def shown(said: Conversation) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in said.layout.lines()]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_streamed_turn_looks_like_a_kept_one(size: int) -> None:
    turn = Turn(1, Kind.ASK, "why", CODE, model="m", usage=Usage(1200, 30, 1000), seconds=3.21)
    streamed, kept = Conversation(), Conversation()
    streamed.begin("why")
    for at in range(0, len(CODE), size):
        streamed.feed(CODE[at : at + size])
    streamed.finish(turn)
    kept.show([turn])
    assert shown(streamed) == shown(kept)
    assert shown(kept)[-2:] == [
        ("turn", "m · 1.2k read (1k cached) · 30 written · 3.2 s"),
        ("text", ""),
    ]


def test_other_text_than_was_streamed_takes_its_place() -> None:
    said = Conversation()
    said.show([Turn(1, Kind.ASK, "one", "first\n```\nx\n```")])
    said.begin("/edit two")
    said.feed("what was tried ```")
    said.finish(Turn(2, Kind.EDIT, "two", "```\nlast\n```", outcome="applied"))
    assert ("text", "what was tried ```") not in shown(said)
    assert shown(said)[-5:] == [
        ("text", ""), ("fence", ""), ("code", "last"), ("outcome", "applied"), ("text", ""),
    ]  # fmt: skip
    assert said.block(2) == CodeBlock(2, "", "last\n")


def test_code_blocks_are_counted_through_and_copied_as_they_are_shown() -> None:
    said = Conversation()
    said.show(
        [Turn(1, Kind.ASK, "a", CODE), Turn(2, Kind.ASK, "b", "```sh\nx\x1b[m\n" + "y" * 9000)]
    )
    assert said.blocks == 3
    assert said.block(1) == CodeBlock(1, "py", "a = 1\n\n\tb\n")
    assert said.block(3) == CodeBlock(3, "sh", "x\\x1b[m\n" + "y" * 9000 + "\n")
    assert said.block(4) is None


def test_moving_between_code_blocks_and_turns() -> None:
    said = Conversation()
    said.show([Turn(1, Kind.ASK, "a", CODE), Turn(2, Kind.ASK, "b", CODE)])
    first, second = said.block_row(1), said.block_row(2)
    assert first is not None
    assert second is not None
    assert said.block_from(0, 1) == 1
    assert said.block_from(first, 1) == 2
    assert said.block_from(second, -1) == 1
    assert said.block_from(first, -1) == 0
    turn = said.turn_row(0, 1)
    assert said.layout.at(turn) is not None
    assert said.turn_at(turn) == 1
    assert said.turn_at(turn - 1) == 0
    assert said.turn_row(turn, 1) == said.layout.rows
    assert said.turn_row(turn, -1) == 0


def test_errors_partial_answers_and_hints_are_said() -> None:
    said = Conversation()
    said.show(
        [
            Turn(1, Kind.ERROR, "a", "no answer from [the] server", hint="start it"),
            Turn(2, Kind.ASK, "b", "half", is_partial=True, said=("one retry",)),
            Turn(3, Kind.NOTE, "/map", "src  ██  [5k]"),
        ]
    )
    lines = [(line.kind, line.text) for line in said.layout.lines() if line.text]
    assert lines == [
        ("user", "a"), ("error", "no answer from [the] server"), ("note", "hint: start it"),
        ("user", "b"), ("text", "half"),
        ("error", "the answer is partial: it was stopped or broke off"), ("note", "one retry"),
        ("user", "/map"), ("figure", "src  ██  [5k]"),
    ]  # fmt: skip


def test_pasted_question_is_shown_in_part() -> None:
    lines = asked_lines("\n".join(map(str, range(1000))))
    assert lines[-2:] == [Line("note", "  … 970 more lines"), Line("text", "")]
