from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace as replace_entry

from copilot.context.entries import Entry, Shape
from copilot.context.frozen import RECORD_VERSION, Frozen, Head, Record
from copilot.context.overlay import (
    Due,
    has_jumped,
    has_outgrown,
    heads_of,
    left_out,
    what_is_due,
)
from copilot.workspace.kinds import Kind
from copilot.workspace.model import Repository, SourceFile


def _entry(path: str, source: str = "1", shape: Shape = Shape.FULL, tokens: int = 100) -> Entry:
    name = f"app/{path}".encode() if path else b""
    return Entry(name, shape, source, tokens, 10)


def _frozen(
    base: list[Entry], overlay: tuple[Entry, ...] = (), over: tuple[str, ...] = ()
) -> Frozen:
    record = Record(
        version=RECORD_VERSION,
        file_tag="file",
        marker=7,
        words=(),
        over=tuple(f"app/{path}".encode() for path in over),
        heads=(),
        rules_size=0,
        rules_tokens=1000,
        base=tuple(base),
        base_sha256="",
        overlay=overlay,
    )
    return Frozen(record, ())


def _file(path: str, content: str = "1") -> SourceFile:
    return SourceFile("app", path, content, "tracked", unread=True, content=content)


def _not_shown(path: str, reason: str = "ignored by git's ignore rules") -> SourceFile:
    return SourceFile("app", path, None, reason)


def _deleted(path: str) -> Entry:
    return _entry(path, "", Shape.DELETED, 3)


A, B = _entry("a"), _entry("b")


def test_nothing_is_due_where_nothing_changed() -> None:
    frozen = _frozen([_entry(""), A, B, _entry("p", "", Shape.PATH)], over=("big",))
    files = [_file("a"), _file("b"), _file("p", "9"), _file("big", "9"), _not_shown("x.png")]
    due = what_is_due(frozen, files)
    assert due == Due()
    assert not due


@pytest.mark.parametrize("shape", [Shape.FULL, Shape.OUTLINE])
def test_what_changed_is_due_at_its_level(shape: Shape) -> None:
    frozen = _frozen([_entry("a", "1", shape), B])
    changed = _file("a", "2")
    assert what_is_due(frozen, [changed, _file("b")]) == Due(((changed, shape),))


def test_what_is_new_is_due_in_full() -> None:
    new = _file("new")
    assert what_is_due(_frozen([A]), [_file("a"), new]) == Due(((new, Shape.FULL),))


def test_only_the_last_entry_counts() -> None:
    frozen = _frozen([A], (_entry("a", "2"),))
    back = _file("a", "1")
    assert not what_is_due(frozen, [_file("a", "2")])
    assert what_is_due(frozen, [back]) == Due(((back, Shape.FULL),))


@pytest.mark.parametrize("files", [[], [_not_shown("a", "deleted on disk")]])
def test_what_is_gone_is_due_once(files: list[SourceFile]) -> None:
    assert what_is_due(_frozen([A]), files) == Due((), ("app/a",))
    gone = _entry("a", "", Shape.DELETED)
    assert not what_is_due(_frozen([A], (gone,)), files)
    back = _file("a")
    assert what_is_due(_frozen([A], (gone,)), [back]) == Due(((back, Shape.FULL),))
    assert left_out(_frozen([A], (gone,)), files) is None


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ([_file("dir/a")], None),
        ([], None),
        ([_not_shown("other")], None),
        ([_not_shown("dir/a", "deleted on disk")], None),
        ([_not_shown("dir/a", "deleted on disk; another name differs from it in case only")], None),
        ([_not_shown("dir/a")], "app/dir/a"),
        ([_not_shown("dir/")], "app/dir/a"),
        ([_not_shown("di/")], None),
        ([_not_shown("dir/a/")], None),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
def test_what_must_not_be_shown_any_longer(
    files: list[SourceFile], named: str | None, gone: bool
) -> None:
    overlay = (_entry("dir/a", "", Shape.DELETED),) if gone else ()
    assert left_out(_frozen([_entry(""), _entry("dir/a")], overlay), files) == named


def test_what_came_later_and_must_not_be_shown_is_named_too() -> None:
    frozen = _frozen([A], (_entry("new"), _entry("new", "2")))
    assert left_out(frozen, [_file("a"), _not_shown("new")]) == "app/new"


def test_a_base_is_outgrown_where_idle_entries_make_up_a_quarter() -> None:
    base = [_entry("", shape=Shape.MARK, tokens=8), _entry("a", tokens=92), _entry("b", tokens=300)]
    assert not has_outgrown(_frozen(base))
    assert not has_outgrown(_frozen(base, (_entry("new", tokens=5000),)))
    assert not has_outgrown(_frozen(base, (_entry("a", "2", tokens=92),)))
    assert not has_outgrown(_frozen([*base, _entry("c", tokens=70)], (_deleted("c"),)))
    assert has_outgrown(_frozen(base, (_entry("a", "2", tokens=70), _entry("a", tokens=92))))
    assert has_outgrown(_frozen(base, (_deleted("b"),)))


_HEADS = (Head("app", "1" * 40, "refs/heads/main"), Head("lib", None, None))


@pytest.mark.parametrize(
    ("revision", "branch", "jumped"),
    [
        ("1" * 40, "refs/heads/main", None),
        ("2" * 40, "refs/heads/main", None),
        ("1" * 40, "refs/heads/side", None),
        ("2" * 40, "refs/heads/side", "app"),
        ("2" * 40, None, "app"),
        ("1" * 40, None, None),
    ],
)
def test_another_branch_with_another_commit_is_a_jump(
    revision: str, branch: str | None, jumped: str | None
) -> None:
    app = Repository("app", Path("/app"), revision, dirty=False, branch=branch)
    lib = replace(app, alias="lib", revision=None, branch=None)
    assert has_jumped(_HEADS, [lib, app]) == jumped
    assert has_jumped(_HEADS, [lib]) is None
    assert has_jumped(heads_of([app, lib]), [app, lib]) is None


def test_a_text_that_was_moved_to_a_secrets_name_must_not_stay() -> None:
    kept = replace_entry(_entry("config.py"), blob="1" * 40)
    secret = structs.replace(_not_shown(".env"), blob="1" * 40, kind=Kind.SECRET)
    assert left_out(_frozen([kept]), [secret]) == "app/config.py"
    assert left_out(_frozen([kept]), [structs.replace(secret, blob="2" * 40)]) is None
