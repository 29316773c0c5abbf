"""Completion of commands, files, models and sessions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.session.complete import MOST, Completer, Finder, complete
from copilot.assist.session.names import Names

FILES = (
    "app/src/session.py",
    "app/src/session_view.py",
    "app/src/other/obsession.py",
    "app/src/se/s/sion.md",
    "app/tests/test_session.py",
    "app/read me.md",
)
NAMES = Names(FILES, ("small", "large-model"), ("20260101T000000-abcdef",))


def _texts(text: str, cursor: int | None = None) -> list[str]:
    found = complete(text, len(text) if cursor is None else cursor, NAMES)
    return [item.text for item in found.items]


def test_commands_are_completed_at_the_beginning() -> None:
    assert _texts("/ed") == ["/edit "]
    assert _texts("/q") == ["/quit"]
    assert "/edit " in _texts("/")
    assert _texts("what /ed") == []
    assert _texts("/help und") == ["/undo"]
    found = complete("/ed later", 2, NAMES)
    assert (found.start, found.end) == (0, 3)


def test_files_are_completed_by_their_ends() -> None:
    assert _texts("look @sess") == [
        "@app/src/session.py",
        "@app/src/session_view.py",
        "@app/tests/test_session.py",
        "@app/src/other/obsession.py",
        "@app/src/se/s/sion.md",
    ]
    assert _texts("@src/ses")[0] == "@app/src/session.py"
    assert _texts("@READ") == ["@'app/read me.md'"]
    assert _texts("@'read m") == ["@'app/read me.md'"]
    assert _texts("@zzz") == []
    found = complete("look @sess at", 10, NAMES)
    assert (found.start, found.end) == (5, 10)


def test_folders_are_completed_too() -> None:
    assert _texts("@tests")[0] == "@app/tests/"
    assert _texts("@app/src/o")[0] == "@app/src/other/"


def test_what_stands_behind_a_command_is_completed() -> None:
    assert _texts("/pin view") == ["app/src/session_view.py"]
    assert _texts("/model lm") == ["large-model"]
    assert _texts("/resume abc") == ["20260101T000000-abcdef"]
    assert _texts("/review --w") == ["--worktree"]
    assert _texts("/edit view") == []
    assert _texts("/edit @view") == ["@app/src/session_view.py"]


@given(st.text(max_size=30), st.integers(0, 40))
def test_any_text_can_be_completed(text: str, cursor: int) -> None:
    found = complete(text, min(cursor, len(text)), NAMES)
    assert 0 <= found.start <= min(cursor, len(text)) <= found.end <= len(text)
    assert len(found.items) <= MOST


_NAME = st.text("abc/_", min_size=1, max_size=12)


@given(st.lists(_NAME, unique=True, max_size=12), st.text("abc/_", min_size=1, max_size=4))
def test_all_names_that_hold_the_characters_in_order_are_found(
    names: list[str], typed: str
) -> None:
    def holds(name: str) -> bool:
        rest = iter(name)
        return all(character in rest for character in typed)

    found = Finder(names).find(typed, most=100)
    assert len(found) == len(set(found))
    assert set(found) == {name for name in names if holds(name)}


@pytest.mark.parametrize("typed", ["", "m", "mo", "models_79", "mdl", "zq", "src/mo"])
def test_many_names_give_few(typed: str) -> None:
    names = [f"app/src/part_{n % 90}/models_{n}.py" for n in range(20_000)]
    completer = Completer(Names(names))
    completer.prepare()
    found = completer.complete(f"@{typed}", len(typed) + 1)
    assert len(found.items) <= MOST
