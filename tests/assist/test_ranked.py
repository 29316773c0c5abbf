"""The files that a task needs, in small windows and beside a base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import Packed
from copilot.context.model import Detail, PackedFile, Prompt, SectionKind
from copilot.errors import BudgetExceeded, ExitCode
from copilot.settings.modes import Mode

Pack = Callable[..., Packed]


@pytest.fixture
def shop(make_repository: Callable[..., Path]) -> Path:
    """Make a repository of which small windows hold a part."""
    texts = {
        f"src/{name}.py": f"def {name}_price(value):\n    return value * {n}\n\n" * 60
        for n, name in enumerate(["apple", "banana", "cherry", "damson"])
    }
    wishes = {"AGENTS.md": "Write plain code.\n", "README.md": "# A shop\n" + "Words. " * 900}
    return make_repository({**texts, **wishes}, "shop")


def _files(packed: Packed) -> dict[str, PackedFile]:
    return {file.path: file for file in packed.prompt.files}


def test_what_the_task_names_is_shown_in_full_and_last(
    shop: Path, pack_of: Pack, accounted: Callable[[Prompt], None]
) -> None:
    packed = pack_of(shop, asked="Why is cherry_price in src/cherry.py wrong?", budget=3000)
    assert packed.mode is Mode.RANK
    assert [s.kind for s in packed.prompt.sections] == ["rules", "focus", "task"]
    shown = _files(packed)["src/cherry.py"]
    assert (shown.detail, shown.section) == (Detail.FULL, SectionKind.FOCUS)
    assert shown.reason.startswith("tracked; ")
    last = packed.prompt.text.rindex("<file path=")
    assert packed.prompt.text.startswith('<file path="shop/src/cherry.py">', last)
    accounted(packed.prompt)


def test_the_rest_is_shorter_or_named(shop: Path, pack_of: Pack) -> None:
    files = _files(pack_of(shop, asked="mend cherry_price in src/cherry.py", budget=2000))
    details = {files[f"src/{name}.py"].detail for name in ("apple", "banana", "damson")}
    assert details <= {Detail.OUTLINE, Detail.PATH}
    assert files["README.md"].detail is Detail.PATH


def test_the_repositorys_wishes_come_along(shop: Path, pack_of: Pack) -> None:
    packed = pack_of(shop, asked="mend cherry_price in src/cherry.py", budget=3000)
    assert packed.full_texts["shop/AGENTS.md"] == "Write plain code.\n"


def test_what_the_user_focuses_on_comes_first(shop: Path, pack_of: Pack) -> None:
    packed = pack_of(shop, asked="mend it", budget=2600, focus=("shop/src/damson.py",))
    assert _files(packed)["src/damson.py"].detail is Detail.FULL


def test_ranking_is_the_same_from_a_warm_cache(shop: Path, pack_of: Pack) -> None:
    about = {"asked": "mend cherry_price", "budget": 3000}
    assert pack_of(shop, **about).prompt.text == pack_of(shop, **about).prompt.text


def test_a_budget_that_comes_to_hold_all_files_does(shop: Path, pack_of: Pack) -> None:
    about = {"asked": "mend cherry_price", "budget": 4000}
    assert pack_of(shop, **about).mode is Mode.RANK
    assert pack_of(shop, **about).mode is Mode.RANK
    (shop / "src/apple.py").unlink()
    (shop / "src/banana.py").unlink()
    (shop / "src/damson.py").write_text("d = 1\n")
    packed = pack_of(shop, **about)
    assert packed.mode is Mode.WHOLE
    assert all(file.detail is Detail.FULL for file in packed.prompt.files if file.section)


def test_beside_a_base_the_focus_holds_what_the_task_needs(
    shop: Path, pack_of: Pack, accounted: Callable[[Prompt], None]
) -> None:
    (shop / "src/cherry.py").write_text("def cherry_price(value):\n    return value\n" * 150)
    about = {"mode": Mode.WHOLE, "budget": 5000}
    plain = pack_of(shop, kind=None, **about).prompt
    packed = pack_of(shop, asked="mend cherry_price in src/cherry.py", **about)
    assert packed.prompt.text.startswith(plain.text)
    assert "src/cherry.py" not in {f.path for f in plain.files if f.detail is Detail.FULL}
    assert [s.kind for s in packed.prompt.sections] == ["rules", "base", "focus", "task"]
    assert _files(packed)["src/cherry.py"].section is SectionKind.FOCUS
    assert packed.full_texts["shop/src/cherry.py"] == (shop / "src/cherry.py").read_text()
    accounted(packed.prompt)


def test_wishes_that_the_base_lacks_stand_in_the_focus(
    shop: Path, pack_of: Pack, accounted: Callable[[Prompt], None]
) -> None:
    (shop / "src/AGENTS.md").write_text("Say what a number is, and in which unit. " * 62 + "\n")
    about = {"mode": Mode.WHOLE, "budget": 5000}
    plain = pack_of(shop, kind=None, **about).prompt
    assert "src/AGENTS.md" not in {f.path for f in plain.files if f.detail is Detail.FULL}
    packed = pack_of(shop, asked="mend cherry_price in src/cherry.py", **about)
    wishes = _files(packed)["src/AGENTS.md"]
    assert (wishes.detail, wishes.section) == (Detail.FULL, SectionKind.FOCUS)
    assert "repository's wishes" in wishes.reason
    assert '"shop/src/AGENTS.md": for files below "shop/src/"' in packed.prompt.text
    assert packed.prompt.total_tokens <= 5000
    accounted(packed.prompt)


def test_where_not_one_file_fits_the_largest_are_named(shop: Path, pack_of: Pack) -> None:
    for name in ("AGENTS.md", "src/apple.py"):
        (shop / name).unlink()
    for mode in (Mode.AUTO, Mode.WHOLE, Mode.RANK):
        with pytest.raises(BudgetExceeded) as refused:
            pack_of(shop, asked="word " * 2600, mode=mode, budget=3000)
        assert refused.value.exit_code == ExitCode.BUDGET
        first, *lines = refused.value.message.splitlines()
        assert first.startswith("no file fits: rules and task have 2,")
        assert first.endswith(" tokens, the budget is 3,000")
        named = [line.split("tokens  ")[1] for line in lines]
        assert named[0] == "shop/src/"
        assert set(named[1:]) == {f"shop/src/{n}.py" for n in ("banana", "cherry", "damson")} | {
            "shop/README.md"
        }
        assert "--exclude" in refused.value.hint


def test_a_task_too_long_for_the_whole_base_goes_with_fewer_files(
    shop: Path, pack_of: Pack
) -> None:
    whole = pack_of(shop)
    budget = whole.prompt.total_tokens + 300
    assert pack_of(shop, budget=budget).mode is Mode.WHOLE
    packed = pack_of(shop, budget=budget, asked="cherry_price " * 400)
    assert packed.mode is Mode.RANK
    assert packed.prompt.total_tokens <= budget
    assert pack_of(shop, budget=budget).prompt.text == whole.prompt.text


def test_one_text_in_full_is_worth_more_than_outlines_of_others(shop: Path, pack_of: Pack) -> None:
    (shop / "AGENTS.md").unlink()
    about = {"asked": "mend cherry_price in src/cherry.py", "mode": Mode.RANK}
    tokens = _files(pack_of(shop, **about))["src/cherry.py"].tokens
    whole = pack_of(shop, **about).prompt
    around = whole.total_tokens - sum(file.tokens for file in whole.files)
    packed = pack_of(shop, budget=around + tokens + 80, **about)
    assert _files(packed)["src/cherry.py"].detail is Detail.FULL
