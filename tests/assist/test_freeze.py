from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.freeze import LEAST_PARTIAL, Fresh, freeze, may_lack_files
from copilot.assist.scope import Scope
from copilot.context.draft import Draft
from copilot.context.entries import Shape
from copilot.errors import UsageError
from copilot.settings.modes import Mode
from copilot.workspace.choose import Selection

ScopeOf = Callable[..., Scope]
Git = Callable[..., str]


def _freeze(scope: Scope) -> Fresh | None:
    return freeze(scope, Draft(scope.tokenizer, scope.cache), lambda _done, _known: None)


def _made(scope: Scope) -> Fresh:
    fresh = _freeze(scope)
    assert fresh is not None
    return fresh


def _names(fresh: Fresh) -> list[str]:
    return [entry.name for entry in fresh.frozen.record.base if entry.path]


def test_what_changed_last_stands_last(
    make_repository: Callable[..., Path],
    git: Git,
    scope_of: ScopeOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1000000000 +0000")
    root = make_repository({f"{name}.py": name for name in "abcd"}, "app")
    for time, changed in ((1_000_000_100, "b"), (1_000_000_200, "ad")):
        for name in changed:
            (root / f"{name}.py").write_text(f"{name}2")
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{time} +0000")
        git(root, "commit", "--quiet", "--all", "--message", "more")
    (root / "0 new.py").write_text("new")
    names = _names(_made(scope_of(root)))
    assert names == ["app/c.py", "app/b.py", "app/a.py", "app/d.py", "app/0 new.py"]


def test_what_is_only_read_stands_first(root: Path, varied: Path, scope_of: ScopeOf) -> None:
    (inner,) = scope_of(varied).roots
    names = _names(_made(scope_of(root, submodules=(inner,))))
    places = [name.partition("/")[0] for name in names]
    assert places == sorted(places, reverse=True)


def test_marks_stand_before_and_amid_the_files(varied: Path, scope_of: ScopeOf) -> None:
    record = _made(scope_of(varied)).frozen.record
    places = [n for n, entry in enumerate(record.base) if entry.shape is Shape.MARK]
    assert [record.base[n].source for n in places] == list(record.words[:2])
    assert places[0] == 0
    assert 1 < places[1] <= len(record.base)


def test_all_files_are_shown_where_the_budget_holds_them(root: Path, scope_of: ScopeOf) -> None:
    whole = _made(scope_of(root))
    assert not whole.frozen.record.over
    tokens = whole.frozen.tokens
    assert _freeze(scope_of(root, budget=tokens)) is None
    assert _made(scope_of(root, budget=tokens + 200)).frozen == whole.frozen


@pytest.mark.parametrize(
    ("mode", "budget", "outlines", "may"),
    [
        (Mode.AUTO, LEAST_PARTIAL - 1, False, False),
        (Mode.AUTO, LEAST_PARTIAL, False, True),
        (Mode.AUTO, 1000, True, True),
        (Mode.WHOLE, 1000, False, True),
        (Mode.AUTO, None, False, True),
    ],
)
def test_where_a_base_may_lack_files(
    root: Path, scope_of: ScopeOf, mode: Mode, budget: int | None, outlines: bool, may: bool
) -> None:
    assert may_lack_files(scope_of(root, mode=mode, budget=budget, outlines=outlines)) is may


@pytest.mark.parametrize("budget", [1000, 2000, 4000])
@pytest.mark.parametrize("outlines", [False, True])
def test_a_base_that_cannot_hold_all_leaves_room_and_names_what_it_lacks(
    varied: Path, scope_of: ScopeOf, budget: int, outlines: bool
) -> None:
    fresh = _made(scope_of(varied, mode=Mode.WHOLE, budget=budget, outlines=outlines))
    assert fresh.frozen.tokens <= 0.7 * budget
    shown = [entry.path for entry in fresh.frozen.record.base if entry.path]
    texts = [os.fsencode(file.name) for file in fresh.read.files if file.is_text]
    assert sorted([*shown, *fresh.frozen.record.over]) == sorted(texts)
    assert b"varied/README.md" in shown


def test_a_base_without_any_text_is_none(varied: Path, scope_of: ScopeOf) -> None:
    assert _freeze(scope_of(varied, mode=Mode.WHOLE, budget=500)) is None


def test_texts_that_were_not_held_are_read_again(varied: Path, scope_of: ScopeOf) -> None:
    (varied / "docs/huge.md").write_text("word " * 20_000)
    fresh = _made(scope_of(varied, mode=Mode.WHOLE, budget=4000))
    shown = fresh.frozen.data.decode()
    assert "# A shop\n\nIt sells things.\n" in shown
    assert "word word" not in shown
    assert b"varied/docs/huge.md" in {*fresh.frozen.record.over, *_paths_only(fresh)}


def _paths_only(fresh: Fresh) -> list[bytes]:
    return [entry.path for entry in fresh.frozen.record.base if entry.shape is Shape.PATH]


def test_nothing_to_read_is_said(root: Path, scope_of: ScopeOf) -> None:
    with pytest.raises(UsageError, match="nothing to read"):
        _freeze(scope_of(root, selection=Selection(include=(("*.rs",),))))
