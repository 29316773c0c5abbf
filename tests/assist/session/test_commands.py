"""What a person types in a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.session.commands import (
    ASK,
    COMMANDS,
    Takes,
    help_text,
    mentions,
    parse,
    paths_in,
    quoted_mention,
)

_SLASH = "// begins a question with a slash"


@pytest.mark.parametrize(
    ("text", "name", "rest"),
    [
        ("What is it?", "/ask", "What is it?"),
        ("/ask What is it?", "/ask", "What is it?"),
        ("/EDIT\nDo it.\nWell.", "/edit", "Do it.\nWell."),
        ("  /quit ", "/quit", ""),
        ("/q", "/quit", ""),
        ("//usr/bin/env is what?", "/ask", "/usr/bin/env is what?"),
        ("//edit is what?", "/ask", "/edit is what?"),
        ("/fork 3", "/fork", "3"),
    ],
)
def test_lines_are_read(text: str, name: str, rest: str) -> None:
    entered = parse(text)
    assert entered.command is not None
    assert (entered.command.name, entered.rest, entered.problem) == (name, rest, "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/edti x", f"there is no command /edti; did you mean /edit? {_SLASH}"),
        ("/zzzzzz", f"there is no command /zzzzzz; {_SLASH}"),
        ("/bogus/export x", f"there is no command /bogus/export; did you mean /export? {_SLASH}"),
        ("/usr/lib is what?", f"there is no command /usr/lib; {_SLASH}"),
        (f"/{'9' * 99}", f"there is no command /{'9' * 39}…; {_SLASH}"),
        ("/edit", "/edit needs something behind it: /edit TEXT"),
        ("/pin  ", "/pin needs something behind it: /pin PATH…"),
    ],
)
def test_what_cannot_be_meant_is_told(text: str, problem: str) -> None:
    assert parse(text).command is None
    assert parse(text).problem == problem


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    entered = parse(text)
    assert (entered.command is None) == bool(entered.problem)
    if not text.strip().startswith("/"):
        assert (entered.command, entered.rest) == (ASK, text.strip())


def test_names_are_known_once() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))
    assert all(command.name in help_text() for command in COMMANDS)
    assert help_text("edit") == help_text("/edit")
    assert help_text("edit").startswith("/edit TEXT  ")
    assert len(help_text("edit").splitlines()) == 1


def test_mentions_are_found_and_other_signs_are_not() -> None:
    text = "See @src/a.py, (@b.py) me@home.org @'c d.md' and @\"e f\". @ @src/a.py"
    assert mentions(text) == ("src/a.py", "c d.md", "e f")


@given(st.text(st.characters(exclude_characters="'\"\n\r", codec="utf-8"), min_size=1))
def test_a_quoted_name_is_found_again(name: str) -> None:
    if len(f"x{name}x".splitlines()) > 1 or name.startswith("@"):
        return
    assert mentions(f"look at @{quoted_mention(name)} there") == (name,)
    assert paths_in(quoted_mention(name)) == (name,)


def test_paths_stand_behind_commands() -> None:
    assert paths_in("a.py @b.py 'c d' @\"e f\"") == ("a.py", "b.py", "c d", "e f")
    assert {c.name for c in COMMANDS if c.takes is Takes.PATHS} == {
        "/add",
        "/pin",
        "/lower",
        "/drop",
        "/unwish",
    }
