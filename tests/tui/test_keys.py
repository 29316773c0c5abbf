"""The table of keys."""

from __future__ import annotations

from textual.binding import Binding

from copilot.tui.keys import DECIDE_KEYS, DIFF_KEYS, END_KEYS, MOVE_KEYS, shown_keys


def test_no_key_means_two_things_in_the_diff() -> None:
    bindings = [*DECIDE_KEYS, *MOVE_KEYS, *END_KEYS, *DIFF_KEYS]
    keys = [key for binding in bindings for key in binding.key.split(",")]
    assert len(set(keys)) == len(keys)


def test_keys_are_shown_as_people_read_them() -> None:
    assert shown_keys(Binding("comma,p", "none")) == ", p"
    assert shown_keys(Binding("q,escape,ctrl+c", "none")) == "q esc"
