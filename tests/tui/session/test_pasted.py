"""Large pastes as chips."""

from __future__ import annotations

from copilot.tui.session.pasted import Pastes


def test_small_paste_is_itself_made_harmless() -> None:
    assert Pastes().taken("a\r\nb\x1b[m") == "a\nb\\x1b[m"


def test_large_pastes_come_back_when_they_are_sent() -> None:
    pastes = Pastes()
    first, second, wide = "\n".join("a" * 1234), "\n".join("b" * 1234), "c" * 2000
    chips = [pastes.taken(text) for text in (first, second, first, wide)]
    assert chips == [
        "[pasted 1,234 lines]", "[pasted 1,234 lines #2]", "[pasted 1,234 lines]",
        "[pasted 2,000 characters]",
    ]  # fmt: skip
    sent = pastes.expanded(f"look: {chips[1]} {chips[3]} [pasted 9 lines]")
    assert sent == f"look: {second} {wide} [pasted 9 lines]"


def test_pasted_text_that_holds_a_chip_is_not_expanded_again() -> None:
    pastes = Pastes()
    inner = pastes.taken("\n".join("a" * 20))
    outer = pastes.taken("\n".join([inner] * 30))
    assert pastes.expanded(outer) == "\n".join([inner] * 30)
