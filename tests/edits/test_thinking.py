from __future__ import annotations

import pytest

from copilot.edits.operations import Create, Delete
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

_BLOCK = "main/a\n<<<<<<< DELETE\n>>>>>>> END\n"
_END = "END OF EDITS: 1 file, 1 block\n"


@pytest.mark.parametrize("tag", ["think", "thinking", "reasoning", "THINK"])
def test_sections_anywhere_on_lines_of_their_own(tag: str) -> None:
    section = f"<{tag}>\n{_BLOCK}```\n</{tag}>\n"
    reply = parse(f"{section}One.\n{section}{_BLOCK}{section}{_END}")
    assert reply.operations == (Delete("main/a", 15),)
    assert reply.prose == "One."


def test_text_may_follow_the_tags_at_the_reply_s_start() -> None:
    reply = parse(f"\n <think>I <b> wonder\n{_END}so</think>Good.\n{_BLOCK}{_END}")
    assert reply.operations == (Delete("main/a", 6),)
    assert reply.prose == "Good."


def test_a_section_on_one_line() -> None:
    assert parse("Hi.\n<think>hm</think>\nYes.").prose == "Hi.\n\nYes."


def test_a_tag_in_prose_or_in_an_example_is_prose() -> None:
    text = "I said <think> once.\n<think> aloud\n\n```xml\n<think>\n```"
    assert parse(text).prose == text


def test_a_section_whose_beginning_stood_in_the_prompt() -> None:
    assert parse(f"I wonder.\nSo:\n</think>\nYes.\n{_BLOCK}{_END}").prose == "Yes."
    with pytest.raises(EditsRefused, match="line 4 of the reply: a thinking section ends here"):
        parse(f"{_BLOCK}</think>\n{_END}")


def test_tags_inside_a_block_are_content() -> None:
    text = "<think>\nx\n</reasoning>\n"
    block = f"main/a\n<<<<<<< CREATE\n{text}>>>>>>> END\n{_END}"
    assert parse(block).operations == (Create("main/a", text, 2),)


@pytest.mark.parametrize("lead", ["", "Well.\n"])
def test_a_section_that_never_ends(lead: str) -> None:
    with pytest.raises(EditsRefused, match="never closed: the reply was cut off"):
        parse(f"{lead}<think>\n{_BLOCK}{_END}")


def test_many_sections_on_one_line_are_read_once() -> None:
    assert parse("<think></think>" * 100_000).operations == ()
