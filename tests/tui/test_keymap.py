"""A person's own keys."""

from __future__ import annotations

import pytest

from copilot.errors import UsageError
from copilot.tui.keymap import keymap


def test_keys_are_given_by_textuals_names() -> None:
    given = keymap({"accept": "y, ;", "undo": "comma,ctrl+z", "previous-file": "@"})
    assert given == {
        "accept": "y,semicolon",
        "undo": "comma,ctrl+z",
        "previous-file": "at",
    }


def test_two_keys_may_change_places() -> None:
    assert keymap({"accept": "r", "reject": "a"}) == {"accept": "r", "reject": "a"}


def test_unknown_name_is_an_error_with_the_nearest_names() -> None:
    with pytest.raises(UsageError, match="nothing is named acept") as caught:
        keymap({"acept": "y"})
    assert "accept" in caught.value.hint


def test_key_with_two_meanings_is_an_error() -> None:
    with pytest.raises(UsageError, match="r would mean both accept and reject") as caught:
        keymap({"accept": "r"})
    assert "reject" in caught.value.hint


@pytest.mark.parametrize("keys", ["foo", "foo+bar", "ctrl+", "ctrl+foo", "a,f99", "<any>"])
def test_what_is_no_key_is_an_error(keys: str) -> None:
    with pytest.raises(UsageError, match="there is no key"):
        keymap({"accept": keys})


@pytest.mark.parametrize(
    "keys", ["f5", "ctrl+plus", "alt+é", "ctrl+pageup", "exclamation_mark", "`", "+"]
)
def test_keys_with_names_are_keys(keys: str) -> None:
    assert keymap({"accept": keys})


@pytest.mark.parametrize("keys", ["", "a,,b", "a b", ","])
def test_what_cannot_be_typed_is_an_error(keys: str) -> None:
    with pytest.raises(UsageError, match="is no list of keys"):
        keymap({"accept": keys})
