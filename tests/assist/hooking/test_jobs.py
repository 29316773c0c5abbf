"""A job holds its lock while its process lives, and leaves nothing once it is dead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from copilot.assist.hooking.jobs import Job, Place, is_running, new_name, take
from copilot.errors import UsageError


def _job(key: str) -> Job:
    return Job(
        key=key, asked=new_name(), hook="pre-commit", top="/", git_dir="/", arguments=("review",)
    )


def test_one_process_takes_a_job(tmp_path: Path) -> None:
    place = Place(tmp_path / "reviews", "aa")
    held = take(place)
    assert held is not None
    assert is_running(place)
    assert take(place) is None
    os.close(held)
    assert not is_running(place)


def test_a_job_says_what_is_to_be_done(tmp_path: Path) -> None:
    place = Place(tmp_path, "aa")
    held = take(place)
    assert held is not None
    job = _job("aa")
    place.write(job)
    assert place.read() == job
    before = place.is_late
    place.mark_late()
    assert (before, place.is_late) == (False, True)
    place.clear()
    assert place.read() is None
    os.close(held)


def test_what_dead_jobs_left_is_cleared_away(tmp_path: Path) -> None:
    dead, alive, mine = (Place(tmp_path, key) for key in ("dead", "alive", "mine"))
    locks = [take(place) for place in (dead, alive)]
    for place in (dead, alive):
        place.write(_job(place.key))
    assert locks[0] is not None
    os.close(locks[0])
    own = take(mine)
    assert dead.read() is None
    assert alive.read() is not None
    assert own is not None
    assert take(alive) is None


def test_a_lock_that_was_left_long_ago_goes(tmp_path: Path) -> None:
    old = Place(tmp_path, "old")
    tmp_path.joinpath("old.lock").touch()
    os.utime(old.lock, (0, 0))
    assert take(Place(tmp_path, "new")) is not None
    assert not old.lock.exists()


def test_no_more_than_two_are_on_their_way(tmp_path: Path) -> None:
    locks = [take(Place(tmp_path, key)) for key in ("one", "two")]
    with pytest.raises(UsageError, match="2 reviews of earlier commits are still on their way"):
        take(Place(tmp_path, "three"))
    assert not is_running(Place(tmp_path, "three"))
    assert take(Place(tmp_path, "one")) is None
    assert locks[0] is not None
    os.close(locks[0])
    assert take(Place(tmp_path, "three")) is not None
