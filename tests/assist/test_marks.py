from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.marks import Hiding, seems_cut, without_marks

WORDS = ("rizeru", "ludevi", "kobane")


@pytest.mark.parametrize(
    ("reply", "text", "missing"),
    [
        ("Yes.\nMARKS: rizeru ludevi kobane\n", "Yes.\n", ()),
        ("Yes.\nMARKS: rizeru, ludevi, kobane", "Yes.\n", ()),
        ("Yes.\n**MARKS: `rizeru` `ludevi` `kobane`**\n", "Yes.\n", ()),
        ("Yes.\nmarks: RIZERU kobane\n", "Yes.\n", ("ludevi",)),
        ("Yes.\n", "Yes.\n", WORDS),
        ("Yes.\nMARKS: none\n", "Yes.\n", WORDS),
        ("MARKS: rizeru ludevi kobane\nYes.\n", "Yes.\n", ()),
        ("It says MARKS: rizeru ludevi kobane\n", "It says MARKS: rizeru ludevi kobane\n", WORDS),
    ],
)
def test_the_line_is_taken_out(reply: str, text: str, missing: tuple[str, ...]) -> None:
    marked = without_marks(reply, WORDS)
    assert (marked.text, marked.missing) == (text, missing)


@given(st.lists(st.sampled_from(["Yes", ".\n", "M", "ARKS", ": x", "\n", "MARKS: a b\n", " "])))
def test_a_running_text_loses_its_line_of_marks_alone(pieces: list[str]) -> None:
    shown: list[str] = []
    hiding = Hiding(shown.append)
    for piece in pieces:
        hiding.write(piece)
    hiding.flush()
    lines = "".join(pieces).splitlines(keepends=True)
    kept = [line for line in lines if not line.lstrip(" ").startswith("MARKS:")]
    assert "".join(shown) == "".join(kept)


def test_what_cannot_be_a_line_of_marks_is_shown_at_once() -> None:
    shown: list[str] = []
    hiding = Hiding(shown.append)
    hiding.write("Wo")
    assert shown == ["Wo"]
    hiding.write("rd\nMA")
    assert shown == ["Wo", "rd\n"]
    hiding.write("in")
    assert shown == ["Wo", "rd\n", "MAin"]


@pytest.mark.parametrize(
    ("read", "total", "cut"),
    [(None, 9000, False), (2048, 9000, True), (8000, 9000, False), (9, 900, False)],
)
def test_a_server_that_read_much_less_did_not_read_all(
    read: int | None, total: int, cut: bool
) -> None:
    assert seems_cut(read, total) is cut
