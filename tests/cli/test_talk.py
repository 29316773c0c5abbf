"""What is said reaches the screen that hears it, from any thread, and the terminal otherwise."""

from __future__ import annotations

import sys
import threading

import pytest

from copilot.cli.ready import agrees
from copilot.cli.talk import (
    can_agree,
    can_draw,
    heard_by,
    is_terminal,
    progress_bar,
    say,
    say_figures,
    stream,
)


def test_a_screen_with_figures_of_its_own_hears_no_others() -> None:
    heard: list[str] = []
    with heard_by(heard.append, own_figures=True):
        say_figures("10 tokens read")
        say("done")
    with heard_by(heard.append):
        say_figures("20 tokens read")
    assert heard == ["done", "20 tokens read"]


def test_what_is_said_is_heard_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    with heard_by(heard.append):
        say("one\x1b[31m")
        stream("a running text")
        with progress_bar("doing") as bar:
            bar(1, 2)
    say("two")
    assert heard == ["one\\x1b[31m"]
    assert capsys.readouterr().err == "two\n"


def test_the_last_who_began_hears_whoever_ends_first() -> None:
    first: list[str] = []
    second: list[str] = []
    one, two = heard_by(first.append), heard_by(second.append)
    one.__enter__()
    two.__enter__()
    say("a")
    one.__exit__(None, None, None)
    say("b")
    two.__exit__(None, None, None)
    assert (first, second) == ([], ["a", "b"])


def test_many_threads_are_heard(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    with heard_by(heard.append):
        threads = [threading.Thread(target=say, args=(str(n),)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(int, heard)) == list(range(20))
    assert capsys.readouterr().err == ""


def test_a_screen_is_asked_in_place_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (sys.stdin, sys.stderr):
        monkeypatch.setattr(one, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert is_terminal()
    asked: list[str] = []

    def answer(question: str) -> bool:
        asked.append(question)
        return True

    with heard_by(lambda _text: None, answer):
        assert not is_terminal()
        assert not can_draw()
        assert can_agree()
        assert agrees("send it? ")
    with heard_by(lambda _text: None):
        assert not can_agree()
        assert not agrees("send it? ")
    assert asked == ["send it? "]
