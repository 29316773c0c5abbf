from __future__ import annotations

import pytest

from copilot.edits.anchors import Block, anchored, blocks_of, holds
from copilot.edits.match import TextFile, text_file

_PYTHON = """\
class A:
    def run(self):
        return 1

    def stop(self):
        return 1

class B:
    def run(self):
        return 1
# end
"""
_C = """\
int one(int a,
        int b)
{
    return 1;
}
int two()
{
    return 1;
}
"""


def _file(text: str) -> TextFile:
    file = text_file(text.encode())
    assert file is not None
    return file


@pytest.mark.parametrize(
    ("text", "anchors", "block"),
    [
        (_PYTHON, ["class A:"], Block(0, 6)),
        (_PYTHON, ["class B:"], Block(7, 10)),
        (_PYTHON, ["class B:\n"], Block(7, 10)),
        (_PYTHON, ["def stop(self):"], Block(4, 6)),
        (_PYTHON, ["class B:", "def run(self):"], Block(8, 10)),
        (_PYTHON, ["# end"], Block(10, 11)),
        (_PYTHON, [], Block(-1, 11)),
        (_C, ["int two()"], Block(5, 8)),
        ("def f(\n    a,\n) -> int:\n    return a\nx\n", ["def f("], Block(0, 4)),
        ("a\r\n\tb\r\n", ["a"], Block(0, 2)),
    ],
)
def test_a_block_is_what_stands_deeper(text: str, anchors: list[str], block: Block) -> None:
    assert anchored(_file(text), anchors) == block


@pytest.mark.parametrize(
    ("anchors", "reason"),
    [
        (["def run(self):"], "the anchor `def run(self):` occurs 2 times"),
        (["class C:"], "the anchor `class C:` occurs nowhere"),
        (["class B:", "def stop(self):"], "occurs nowhere"),
        (["class A"], "occurs nowhere"),
        (["CLASS A:"], "occurs nowhere"),
    ],
)
def test_an_anchor_that_is_not_one_line_is_no_anchor(anchors: list[str], reason: str) -> None:
    found = anchored(_file(_PYTHON), anchors)
    assert isinstance(found, str)
    assert reason in found


def test_white_space_in_front_counts_only_where_the_anchor_has_it() -> None:
    file = _file("run()\n    run()\n")
    assert len(blocks_of(file, "run()")) == 2
    assert [block.line for block in blocks_of(file, "    run()")] == [1]
    assert len(blocks_of(file, "  run()")) == 2


def test_a_block_holds_what_is_in_it_or_directly_below() -> None:
    file = _file(_PYTHON)
    (block,) = blocks_of(file, "class A:")
    assert [start for start in range(11) if holds(block, start)] == [1, 2, 3, 4, 5]
    (flat,) = blocks_of(file, "# end")
    assert holds(flat, 11)
    assert not flat.has_body
