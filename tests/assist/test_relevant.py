from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from copilot.assist.read import Read, unread
from copilot.assist.relevant import ranked_files
from copilot.assist.scope import Scope
from copilot.context.draft import Copy, Draft
from copilot.context.relevance.model import Ranked
from copilot.workspace.model import SourceFile

ScopeOf = Callable[..., Scope]


def _silent(_done: int, _known: int) -> None:
    return


def _texts(scope: Scope) -> list[SourceFile]:
    return [unread(file) for file in Read.of(scope.parts(_silent)).files if file.is_text]


def _ranked(scope: Scope, asked: str) -> tuple[list[Ranked], list[Copy]]:
    draft = Draft(scope.tokenizer, scope.cache)
    ranked, _, copies = ranked_files(_texts(scope), scope, asked, draft, _silent)
    return ranked, copies


def test_every_text_is_ranked_once_and_counted_without_its_text(
    varied: Path, scope_of: ScopeOf
) -> None:
    scope = scope_of(varied)
    ranked, copies = _ranked(scope, "the cart")
    names = sorted(file.name for file in _texts(scope))
    assert sorted(one.name for one in ranked) == sorted(c.file.name for c in copies) == names
    assert ranked[0].name in {"varied/src/shop/cart.py", "varied/tests/test_cart.py"}
    assert all(copy.file.data is None for copy in copies)


def test_a_warm_cache_ranks_the_same_without_reading(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    first = _ranked(scope, "the price of the cart")
    files = _texts(scope)
    for file in files:
        (varied / file.path).write_text("")
    draft = Draft(scope.tokenizer, scope.cache)
    again, _, copies = ranked_files(files, scope, "the price of the cart", draft, _silent)
    # Of files that are others by this time, no text could have been read.
    assert {one.name for one in again if one.score > 0.5} == {
        one.name for one in first[0] if one.score > 0.5
    }
    frame = draft.frame([])
    assert draft.tokens(copies, frame) == draft.tokens(first[1], frame)


def test_new_contents_are_read_and_the_others_are_not(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    _ranked(scope, "zebra")
    (varied / "src/shop/prices.py").write_text("def zebra():\n    return 3\n")
    ranked, _ = _ranked(scope, "zebra")
    assert (ranked[0].name, ranked[0].score > 0) == ("varied/src/shop/prices.py", True)


def test_a_cache_that_forgot_is_filled_again(varied: Path, user: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    first = _ranked(scope, "the cart")[0]
    scope.cache.close()
    (user / "cache/facts.sqlite3").write_bytes(b"damaged")
    assert _ranked(scope, "the cart")[0] == first


def test_a_cache_that_forgot_the_tokens_alone_counts_again(
    varied: Path, user: Path, scope_of: ScopeOf
) -> None:
    scope = scope_of(varied)
    _, copies = _ranked(scope, "the cart")
    scope.cache.close()
    with closing(sqlite3.connect(user / "cache/facts.sqlite3")) as database, database:
        # What says that a content was looked at is a seal and one byte.
        database.execute("DELETE FROM kept WHERE length(value) > 9")
    _, again = _ranked(scope, "the cart")
    draft = Draft(scope.tokenizer, scope.cache)
    assert all(draft.known([copy.file for copy in again]))
    assert [copy.key for copy in again] == [copy.key for copy in copies]
