from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import stability
from benchmarks.stability_prices import (
    Sent,
    anthropic_cached,
    common_prefix,
    gemini_cached,
    openai_cached,
    reuse,
)
from benchmarks.stability_replay import (
    CHANGE_ORDER,
    LAYOUTS,
    OURS,
    PATH_ORDER,
    Request,
    name_of,
    requests,
)

MakeRepository = Callable[..., Path]
Git = Callable[..., str]


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_the_common_prefix(shared: bytes, one: bytes, other: bytes) -> None:
    size = common_prefix(shared + one, shared + other)
    assert size >= len(shared)
    assert (shared + one)[:size] == (shared + other)[:size]
    assert (shared + one)[size : size + 1] != (shared + other)[size : size + 1] or size == min(
        len(shared + one), len(shared + other)
    )


def test_a_common_prefix_longer_than_a_piece() -> None:
    shared = bytes(range(256)) * 600
    assert common_prefix(shared + b"a", shared + b"b") == len(shared)
    assert common_prefix(shared, shared + b"b") == len(shared)


def _sent(blocks: str, breakpoints: tuple[int, ...] = ()) -> Sent:
    """Return a prompt of one block of two tokens for each letter."""
    data = "".join(f"{letter} {letter}\n" for letter in blocks).encode()
    ends = tuple(accumulate([4] * len(blocks)))
    tokens = tuple(accumulate([2] * len(blocks)))
    return Sent(data, ends, tokens, (*breakpoints, len(blocks)), "o200k_base")


@pytest.mark.parametrize(
    ("before", "now", "cached"),
    [
        (_sent("abc", (1, 2)), _sent("abd", (1, 2)), 4),
        (_sent("abc", (1,)), _sent("abd", (1,)), 2),
        (_sent("abc"), _sent("abcde"), 6),
        (_sent("abc"), _sent("xbc"), 0),
        # The breakpoint before is where no breakpoint now looks back to.
        (_sent("a"), _sent("a" + "b" * 20), 0),
        (_sent("a"), _sent("a" + "b" * 19), 2),
        (_sent("a"), _sent("a" + "b" * 30, (10,)), 2),
    ],
)
def test_what_breakpoints_find(before: Sent, now: Sent, cached: int) -> None:
    shared = common_prefix(before.data, now.data)
    assert anthropic_cached(before, now, shared) == cached


@pytest.mark.parametrize(("tokens", "cached"), [(1023, 0), (1024, 1024), (1300, 1280)])
def test_steps_of_openai(tokens: int, cached: int) -> None:
    assert openai_cached(tokens) == cached


def test_the_least_of_gemini() -> None:
    assert [gemini_cached(tokens) for tokens in (2047, 2048, 2049)] == [0, 2048, 2049]


def test_costs_of_a_prompt_that_is_reused_in_half() -> None:
    before, now = _sent("a" * 2048 + "b" * 2048, (2048,)), _sent("a" * 2048 + "c" * 2048, (2048,))
    found = reuse(before, now)
    assert found.share == 0.5
    # The cut block's letter differs, so nothing of it is reused.
    assert (found.tokens, found.reused_tokens) == (8192, 4096)
    assert found.costs == {
        "anthropic": pytest.approx((0.1 + 1.25) / 2),
        "openai": pytest.approx((0.1 + 1) / 2),
        "gemini": pytest.approx((0.1 + 1) / 2),
    }


def test_a_block_that_is_cut_counts_as_far_as_it_goes() -> None:
    sent = _sent("ab")
    assert [sent.tokens_before(place) for place in (0, 4, 5, 8)] == [0, 2, 3, 4]


@pytest.fixture
def history(make_repository: MakeRepository, git: Git) -> Path:
    """A repository with a commit that changes `a.py`, and one that changes nothing we read."""
    files = {f"{name}.py": f"{name} = 1\n" * 400 for name in "abcdef"}
    root = make_repository({**files, "image.png": b"\x89PNG\0"}, "app")
    for path, content in (("a.py", b"a = 2\n"), ("image.png", b"\x89PNG\0\1")):
        (root / path).write_bytes(content)
        git(root, "commit", "--quiet", "--all", "--message", "change")
    return root


def _found(history: Path, work: Path) -> list[Request]:
    return list(requests(history, work, 2))


def _text(prompts: Mapping[str, Sent], layout: str) -> str:
    return prompts[layout].data.decode()


def test_a_request_at_each_commit(history: Path, tmp_path: Path) -> None:
    before, changed, same = _found(history, tmp_path / "work")
    for request in (before, changed, same):
        assert set(request.prompts) == set(LAYOUTS)
        assert request.why_new == ""
        for sent in request.prompts.values():
            assert sent.ends[-1] == len(sent.data)
            assert sent.breakpoints[-1] == len(sent.ends) == len(sent.tokens)
    assert same.prompts == changed.prompts
    ours = _text(changed.prompts, OURS)
    assert ours.count('path="app/a.py"') == 2
    assert ours.index("a = 2\n") > ours.index("f = 1\n")


def test_the_other_layouts_have_each_file_once_in_their_order(
    history: Path, tmp_path: Path
) -> None:
    _, changed, _ = _found(history, tmp_path / "work")
    orders = {PATH_ORDER: "abcdef", CHANGE_ORDER: "bcdefa"}
    for layout, order in orders.items():
        text = _text(changed.prompts, layout)
        places = [text.index(f'path="app/{name}.py"') for name in order]
        assert places == sorted(places)
        assert text.count('path="app/a.py"') == 1


def test_the_source_is_as_it_was(history: Path, git: Git, tmp_path: Path) -> None:
    before = git(history, "status", "--porcelain=v2", "--branch")
    _found(history, tmp_path / "work")
    assert git(history, "status", "--porcelain=v2", "--branch") == before


def test_what_is_printed(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stability.main([str(history), "--commits", "2"])
    table, _, printed = capsys.readouterr().out.partition("\n\n")
    found = json.loads(printed)["repositories"]["app"]
    layouts = found["layouts"]
    assert found["requests"] == 2
    assert layouts[OURS]["median_reused"] > layouts[PATH_ORDER]["median_reused"]
    assert 0.1 <= layouts[OURS]["cost"]["anthropic"] < layouts[PATH_ORDER]["cost"]["anthropic"]
    assert len(table.splitlines()) == 2 + len(LAYOUTS)


def test_names_of_repositories(tmp_path: Path) -> None:
    names = {"owner+app/repo": "app", "app": "app", "app.git": "app", "app/.git": "app"}
    assert {name_of(tmp_path / path) for path in names} == {"app"}
