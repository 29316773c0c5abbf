from __future__ import annotations

import pytest

from copilot.edits.operations import Create, Operation, Overwrite, Replace
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

_END = "END OF EDITS: 1 file, 1 block\n"
_BODY = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"


def _read(reply: str) -> tuple[Operation, ...]:
    return parse(reply, closing_required=False).operations


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (f"main/a.py\n```python\n{_BODY}```\n", 3),
        (f"```python\nmain/a.py\n{_BODY}```\n", 3),
        (f"### `main/a.py`\n\n~~~~\n{_BODY}~~~~\n", 4),
        (f"```\n\nmain/a.py\n\n{_BODY}\n```\n", 5),
        (f"Text.\r\nmain/a.py\r\n```\r\n{_BODY}```\r\n".replace("\r\n", "\n"), 4),
    ],
)
def test_aiders_formats_need_no_closing_line(reply: str, line: int) -> None:
    expected = (Replace("main/a.py", "a\n", "b\n", line),)
    assert _read(reply) == expected
    assert _read(reply.replace("\n", "\r\n")) == expected


def test_blocks_outside_of_a_fence_and_our_own_verbs_always_need_it() -> None:
    verbs = ["CREATE\nx", "OVERWRITE\nx", "DELETE", "RENAME\nmain/b.py"]
    own = [f"```\nmain/a.py\n<<<<<<< {verb}\n>>>>>>> END\n```\n" for verb in verbs]
    for reply in [f"main/a.py\n{_BODY}", *own]:
        with pytest.raises(EditsRefused, match="the closing line is missing"):
            _read(reply)
        assert _read(reply + _END)


def test_where_our_format_was_asked_for_a_fence_is_no_end() -> None:
    with pytest.raises(EditsRefused, match="the closing line is missing"):
        parse(f"main/a.py\n```python\n{_BODY}```\n")


def test_a_fence_that_stays_open_is_a_cut_off_reply() -> None:
    with pytest.raises(EditsRefused, match="line 2 of the reply: the fence is never closed"):
        _read(f"main/a.py\n```python\n{_BODY}")


def test_the_path_goes_on_to_the_next_block_but_not_past_another_format() -> None:
    fenced = f"```\n{_BODY}```\n"
    assert [operation.path for operation in _read(f"main/a.py\n{fenced}\n{fenced}")] == [
        "main/a.py",
        "main/a.py",
    ]
    patch = "*** Begin Patch\n*** Delete File: x\n*** End Patch\n"
    with pytest.raises(EditsRefused, match="the block has no path line"):
        _read(f"main/a.py\n{fenced}{patch}{fenced}")


def test_an_empty_search_in_a_fence_creates_and_elsewhere_is_refused() -> None:
    block = "main/a.py\n<<<<<<< SEARCH\n=======\nb\n>>>>>>> REPLACE\n"
    assert _read(f"```\n{block}```\n") == (Create("main/a.py", "b\n", 3),)
    with pytest.raises(EditsRefused, match="line 2 of the reply: SEARCH is empty"):
        _read(block + _END)


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< SERCH",
        "<<<<<<< SEARCH main/a.py",
        "<<<<<<< SEARCH>",
        "<<<<<<<SEARCH",
        "<<<<<<< search",
        "<<<<<<< ORIGINAL",
        ">>>>>>> UPDATED",
        ">>>>>>> REPLACED",
        ">>>>>>> REPALCE",
        ">>>>>>> REPLACE ```",
        ">>>>>>> END OF BLOCK",
        ">>>>>>>END",
        ">>>>>>> Replace",
    ],
)
def test_lines_that_are_nearly_a_marker(line: str) -> None:
    for index, reply in (
        (1, f"{line}\nx\n"),
        (3, f"main/a\n<<<<<<< CREATE\n{line}\n>>>>>>> END\n{_END}"),
    ):
        with pytest.raises(EditsRefused, match=f"line {index} of the reply: .*nearly a marker: "):
            _read(reply)


@pytest.mark.parametrize("line", ["<<<<<<< INSERT", "    <<<<<<< SEARCH", ">>>>>>> FIN"])
def test_unknown_verbs_outside_of_a_block(line: str) -> None:
    with pytest.raises(EditsRefused, match="line 1 of the reply: this is nearly a marker"):
        _read(f"{line}\nx\n")


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        ">>>>>>> feature/branch",
        ">>>>>>> 1a2b3c4 (Replace the engine)",
        "<<<<<<< Updated upstream",
        "<<<<<< SERCH",
        "<<<<<<<< SEARCH",
        "    <<<<<<< SEARCH",
        "||||||| base",
        "<think>",
        "*** Begin Patch",
        "```",
        "END OF EDITS: 9 files, 9 blocks",
        "a\rb\x0c\u2028\x85",
    ],
)
def test_content_that_is_no_marker(line: str) -> None:
    reply = f"main/a\n<<<<<<< OVERWRITE\n{line}\n>>>>>>> END\n{_END}"
    assert _read(reply) == (Overwrite("main/a", f"{line}\n", 2),)


def test_a_byte_order_mark_before_the_reply_is_none_of_it() -> None:
    assert _read(f"\ufeffmain/a\n<<<<<<< CREATE\n\ufeffx\n>>>>>>> END\n{_END}") == (
        Create("main/a", "\ufeffx\n", 2),
    )


def test_carriage_returns_at_line_ends() -> None:
    block = f"main/a\n<<<<<<< CREATE\nx\r\ny\r\n>>>>>>> END\n{_END}"
    assert _read(block) == (Create("main/a", "x\r\ny\r\n", 2),)
    every = block.replace("\r\n", "\n").replace("\n", "\r\n")
    assert _read(every) == (Create("main/a", "x\ny\n", 2),)
    search = f"main/a\r\n<<<<<<< SEARCH\nx\r\n=======\ny\rz\r\n>>>>>>> REPLACE\r\n{_END}"
    assert _read(search) == (Replace("main/a", "x\n", "y\rz\n", 2),)
