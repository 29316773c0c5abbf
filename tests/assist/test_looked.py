"""What is known of all files together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from copilot.assist.looked import Looked, load_looked, save_looked
from copilot.assist.read import Read, unread
from copilot.assist.scope import Scope
from copilot.cache import Cache
from copilot.context.draft import Draft, dropped
from copilot.context.relevance.groundwork import groundwork_of
from copilot.structure.names import FileSymbols
from copilot.workspace.model import SourceFile

ScopeOf = Callable[..., Scope]


def _texts(scope: Scope) -> list[SourceFile]:
    return [file for file in Read.of(scope.parts(lambda _done, _known: None)).files if file.is_text]


def _looked_at(files: Sequence[SourceFile], draft: Draft) -> Looked:
    name = files[0].name
    symbols = {name: FileSymbols("python", (("cart", "class"),), (("price", 2),), (".prices",))}
    groundwork = groundwork_of([file.name for file in files], symbols, Cache())
    return Looked([dropped(copy) for copy in draft.copies(files)], groundwork)


def test_what_was_kept_comes_back_for_the_same_files(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = _texts(scope)
    draft = Draft(scope.tokenizer, scope.cache)
    looked = _looked_at(files, draft)
    save_looked(files, scope, draft, looked)
    other = Draft(scope.tokenizer)
    again = load_looked([unread(file) for file in files], scope, other)
    assert again == looked
    frame = draft.frame([])
    assert other.frame([]) == frame
    assert other.tokens(looked.copies, frame) == draft.tokens(looked.copies, frame)


def test_other_files_contents_or_tokenizers_are_not_known(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = _texts(scope)
    draft = Draft(scope.tokenizer, scope.cache)
    save_looked(files, scope, draft, _looked_at(files, draft))
    renamed = [structs.replace(files[0], path="other.py"), *files[1:]]
    changed = [structs.replace(files[0], content="other"), *files[1:]]
    for others in (files[1:], renamed, changed):
        assert load_looked(others, scope, draft) is None
    assert load_looked(files, replace(scope, tokenizer="cl100k_base"), draft) is None


def test_contents_without_a_name_are_not_kept(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = [structs.replace(file, content=None) for file in _texts(scope)]
    draft = Draft(scope.tokenizer, scope.cache)
    save_looked(files, scope, draft, _looked_at(files, draft))
    assert load_looked(files, scope, draft) is None


def test_what_was_not_counted_is_not_kept(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = [unread(file) for file in _texts(scope)]
    draft = Draft(scope.tokenizer)
    save_looked(files, scope, draft, _looked_at(files, draft))
    assert load_looked(files, scope, draft) is None
