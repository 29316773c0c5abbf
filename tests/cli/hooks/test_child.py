"""A review in a process of its own, where others reach for its lock at the same moment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.hooking.jobs import Job, Place, is_running, new_name, take
from copilot.assist.hooking.kept import Kept, keep
from copilot.cli.hook_child import Late, answer_to
from copilot.cli.hook_process import Review, start_review
from copilot.forks import can_fork

PATIENT = 240.0


def _job(place: Place, top: Path) -> Job:
    return Job(
        key=place.key,
        asked=new_name(),
        hook="pre-push",
        top=str(top),
        git_dir=str(top),
        arguments=("--help",),
    )


def test_the_answer_of_one_that_has_only_just_begun_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_home: Path
) -> None:
    place = Place(tmp_path / "reviews", "aa")
    held = take(place)
    assert held is not None
    other = _job(place, tmp_path)

    def go_on(_seconds: float) -> None:
        place.write(other)
        keep(place.folder, Kept(key="aa", asked=other.asked, hook=other.hook, when=0.0, code=3))

    monkeypatch.setattr(time, "sleep", go_on)
    kept = answer_to(place, _job(place, tmp_path), time.monotonic() + PATIENT, background=True)
    assert (kept.asked, kept.code) == (other.asked, 3)
    os.close(held)


def test_a_lock_that_stays_held_makes_it_late(tmp_path: Path, empty_home: Path) -> None:
    place = Place(tmp_path / "reviews", "aa")
    held = take(place)
    assert held is not None
    with pytest.raises(Late):
        answer_to(place, _job(place, tmp_path), time.monotonic(), background=True)
    assert is_running(place)
    os.close(held)


@pytest.mark.parametrize("forks", [True, False])
def test_started_either_way_it_keeps_what_it_said_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_home: Path, forks: bool
) -> None:
    if forks and not can_fork():
        pytest.skip("processes are not forked here")
    started: list[Review] = []

    def start(top: Path, place: Place, held: int, work: Callable[[list[str]], int]) -> Review:
        started.append(start_review(top, place, held, work))
        return started[-1]

    monkeypatch.setattr("copilot.cli.hook_process.can_fork", lambda: forks)
    monkeypatch.setattr("copilot.cli.hook_child.start_review", start)
    place = Place(tmp_path / "reviews", "aa")
    job = _job(place, tmp_path)
    kept = answer_to(place, job, time.monotonic() + PATIENT, background=True)
    assert (kept.asked, kept.code) == (job.asked, 2)
    assert "no model" in kept.said
    assert not is_running(place)
    assert not place.path.exists()
    assert [one.process.wait() for one in started] == [0]
