"""The table of keys."""

from __future__ import annotations

import re

from textual.binding import Binding

from copilot.tui.keys import REVIEW_SCOPES, shown_keys


def test_no_key_means_two_things_at_one_time() -> None:
    for scope in REVIEW_SCOPES:
        expanded = Binding.make_bindings([key.binding for key in scope])
        keys = [binding.key for binding in expanded]
        assert len(set(keys)) == len(keys)


def test_names_are_stable_words() -> None:
    names = [key.name for scope in REVIEW_SCOPES for key in scope]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def test_keys_are_shown_as_people_read_them() -> None:
    assert shown_keys("comma,p") == ", p"
    assert shown_keys("q,escape,ctrl+c") == "q esc"
