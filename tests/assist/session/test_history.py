"""What a person entered: kept, bounded, searched."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from copilot.assist.session.history import MOST, History


def test_texts_are_kept_for_the_next_session(tmp_path: Path) -> None:
    file = tmp_path / "state/history.jsonl"
    history = History(file)
    for text in ("one", "two\nlines \x1b \ud800", "one", "  "):
        history.add(text)
    assert history.entries == ("two\nlines \x1b \ud800", "one")
    assert History(file).entries == history.entries
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_newest_that_hold_all_words_come_first() -> None:
    history = History()
    for text in ("mend the parser", "Parse the words", "mend the words"):
        history.add(text)
    assert history.search("MEND the") == ("mend the words", "mend the parser")
    assert history.search("words parse") == ("Parse the words",)
    assert history.search("") == tuple(reversed(history.entries))


def test_there_is_a_bound(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    history = History(file)
    history.add("x" * 20_001)
    assert history.entries == ()
    file.write_text("".join(f'"{n}"\n' for n in range(MOST + 10)))
    assert len(History(file).entries) == MOST
    file.write_text('"begin"\n' + " " * 4_000_000 + "\n")
    History(file).add("end")
    assert file.stat().st_size < 100
    assert History(file).entries == ("begin", "end")


def test_damaged_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b'"one"\n\xff\n[1]\n"two')
    assert History(file).entries == ("one",)
    History(file).add("three")
    assert History(file).entries == ("one", "three")


def _add(file: Path, name: str) -> None:
    history = History(file)
    for number in range(50):
        history.add(f"{name} {number}")


def test_sessions_add_at_once(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_add, args=(file, name)) for name in "ab"]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert set(History(file).entries) == {f"{name} {n}" for name in "ab" for n in range(50)}
