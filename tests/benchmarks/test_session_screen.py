"""The benchmark of the session's conversation: little text takes one step."""

from __future__ import annotations

from benchmarks.session_screen import Figures, answer, measured, table


async def test_little_text_is_streamed_and_measured() -> None:
    figures = await measured(2_000, 100_000)
    assert figures.text == len(answer(2_000)) == 8_000
    assert figures.frames
    assert len(figures.keys) == 32
    assert "2,000 tokens" in table(figures, 2_000, 100_000)


def test_missed_aims_are_named() -> None:
    figures = Figures(text=1_000, behind=2.0, keys=[0.2], grown=20_000_000)
    assert figures.missed == ["behind", "keys", "memory"]
