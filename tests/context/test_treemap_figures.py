"""What a prompt's tokens were spent on, in figures and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Detail, PackedFile, SectionKind
from copilot.context.treemap_figures import (
    Spent,
    left_out_words,
    share,
    short,
    spent_by_detail,
    spent_by_mark,
    spent_on,
)
from copilot.workspace.model import Snapshot


def _file(path: str, detail: Detail, tokens: int, kind: SectionKind | None, why: str) -> PackedFile:
    return PackedFile("repo", path, None, kind, detail, tokens, why)


SPENT = Spent(
    (
        _file("a.py", Detail.FULL, 6000, SectionKind.BASE, "tracked"),
        _file("b.py", Detail.OUTLINE, 1500, SectionKind.BASE, "tracked"),
        _file("b.py", Detail.FULL, 2000, SectionKind.FOCUS, "named in the task"),
        _file("c.py", Detail.PATH, 12, SectionKind.BASE, "tracked"),
        *(_file(f"{n}.png", Detail.OMITTED, 0, None, "binary") for n in range(3)),
        _file("x\x1b/", Detail.OMITTED, 0, None, "vendored: npm keeps\nits things"),
        *(_file(f"o{n}", Detail.OMITTED, 0, None, f"reason {n}") for n in range(5)),
    ),
    10_000,
    20_000,
    {"rules": 400, "task": 88},
)


def test_each_level_of_detail_has_its_figures() -> None:
    assert spent_by_detail(SPENT) == [
        (Detail.FULL, "full: 2 files, 8k, 80%", 8000),
        (Detail.OUTLINE, "outline: 1 file, 1.5k, 15%", 1500),
        (Detail.PATH, "path only: 1 file, 12, 0.1%", 12),
        (None, "rules 400, task 88", 488),
    ]
    assert sum(tokens for _, _, tokens in spent_by_detail(SPENT)) == SPENT.total_tokens


def test_what_has_no_tokens_has_no_line() -> None:
    assert spent_by_detail(Spent((), 0)) == []
    assert spent_by_mark(Spent((), 0)) == []
    assert left_out_words(Spent(SPENT.files[:4], 0)) == ""


def test_sections_to_mark_have_their_figures() -> None:
    assert spent_by_mark(SPENT) == [(SectionKind.FOCUS, "focus: 1 file, 2k")]


def test_what_is_left_out_is_counted_with_its_reasons() -> None:
    assert left_out_words(SPENT) == (
        "left out: 9 files (3 binary, 1 reason 0, 1 reason 1, 1 reason 2, 1 reason 3, "
        "2 for other reasons)"
    )


def test_a_prompt_is_spent_to_the_last_token(
    make_snapshot: Callable[[Mapping[str, str | None]], Snapshot],
) -> None:
    prompt = compose_prompt(
        make_snapshot({"a.py": "a = 1\n", "b": None}), Wording("Rules.", "Task: {{task}}", "do")
    )
    spent = spent_on(prompt, 100)
    assert spent.budget == 100
    assert set(spent.parts) == {"rules", "task"}
    tokens = sum(spent.parts.values()) + sum(file.tokens for file in spent.files)
    assert tokens == spent.total_tokens == prompt.total_tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        *((0, "0"), (812, "812"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (12_000, "12k")),
        *((999_949, "999.9k"), (999_950, "1M"), (1_240_000, "1.24M"), (10_000_000, "10M")),
    ],
)
def test_tokens_are_written_short(tokens: int, text: str) -> None:
    assert short(tokens) == text


@pytest.mark.parametrize(
    ("tokens", "total", "text"),
    [
        *((0, 100, "0%"), (1, 10_000, "<0.1%"), (1, 100, "1%"), (9_949, 100_000, "9.9%")),
        *((9_950, 100_000, "10%"), (1, 3, "33%"), (100, 100, "100%"), (0, 0, "0%")),
    ],
)
def test_shares_are_in_percent(tokens: int, total: int, text: str) -> None:
    assert share(tokens, total) == text
