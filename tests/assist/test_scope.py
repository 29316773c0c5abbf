from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.assist.scope import Scope
from copilot.settings.modes import Mode
from copilot.workspace.choose import Selection
from copilot.workspace.masker import Masker
from copilot.workspace.roots import find_roots

ScopeOf = Callable[..., Scope]


@pytest.fixture
def scope(root: Path, scope_of: ScopeOf) -> Scope:
    return scope_of(root)


def test_the_key_of_a_base_is_the_same_for_every_task_and_state(root: Path, scope: Scope) -> None:
    key = scope.key(None)
    (root / "small/1.py").write_text("changed\n")
    same = replace(scope, focus=("app/small/",), fresh=True, mode=Mode.RANK, budget=9)
    assert same.key(None) == key
    assert key.isalnum()


def test_whatever_changes_the_bytes_changes_the_key(
    root: Path, scope: Scope, tmp_path: Path
) -> None:
    masker = Masker(tmp_path / "another.key")
    masker.masked("a.py", 'PASSWORD = "hunter2Kq9vXw4LmZ7tRb1"\n')
    (tmp_path / "words").mkdir()
    (tmp_path / "words/rules.md").write_text("Own rules.\n")
    others = [
        replace(scope, tokenizer="cl100k_base"),
        replace(scope, outlines=True),
        replace(scope, masker=None),
        replace(scope, masker=masker),
        replace(scope, selection=Selection(exclude=("a",))),
        replace(scope, selection=Selection(include=(("a",),))),
        replace(scope, prompts=tmp_path / "words"),
        replace(scope, roots=find_roots([f"named={root}"], tmp_path)),
        replace(scope, roots=(), submodules=scope.roots),
    ]
    keys = [scope.key(None), scope.key(1000), scope.key(2000), *(one.key(None) for one in others)]
    assert len(set(keys)) == len(keys)


def test_rules_tell_of_masks_only_where_there_can_be_some(scope: Scope) -> None:
    assert "MASKED_" in scope.rules()
    assert "MASKED_" not in replace(scope, masker=None).rules()


def test_what_is_only_read_comes_first_and_is_named_in_the_rules(
    scope: Scope, varied: Path, tmp_path: Path
) -> None:
    (inner,) = find_roots([str(varied)], tmp_path)
    both = replace(scope, submodules=(inner,))
    assert [place.alias for place in both.places] == ["varied", "app"]
    assert both.read_only == ["varied"]
    assert "`varied/`" in both.rules()
    assert "`app/`" not in both.rules()
