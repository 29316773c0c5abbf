"""`copilot runs stats`: what all the requests were together."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from copilot.runs.store import Run, record_run
from copilot.settings.paths import state_paths

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]

UTC = {"TZ": "UTC"}


@pytest.fixture
def runs() -> None:
    """Put three runs into the user's runs file, two of them on one day."""
    days = ("2026-11-20T10:00:00+00:00", "2026-11-21T10:00:00+00:00", "2026-11-21T11:00:00+00:00")
    for number, started in enumerate(days):
        run = Run(
            started=started,
            command="ask",
            task="",
            roots="app=/src/app" if number else "lib=/src/lib",
            model="qwen\x1b" if number else "llama",
            prompt_sha256="",
            prompt_tokens=100_000,
            reply_tokens=500,
            cached_tokens=90_000 if number else None,
            seconds=2.25,
            outcome="answered",
            cost=0.5 if number < 2 else None,
            cache_written_tokens=1000,
        )
        record_run(state_paths().runs_file, run)


def test_nothing_yet(copilot: Copilot) -> None:
    done = copilot("runs", "stats")
    assert (done.stdout, done.stderr) == ("", "nothing was asked yet\n")


@pytest.mark.usefixtures("runs")
def test_all_in_one_line(copilot: Copilot) -> None:
    head, line = copilot("runs", "stats").stdout.splitlines()
    assert head.split() == [
        *("requests", "read", "cached", "hit", "rate", "written", "answered", "seconds", "cost")
    ]
    assert line.split() == [
        *("all", "3", "300,000", "180,000", "90.0%", "3,000", "1,500", "6.8", "$1.00", "+", "?")
    ]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", {"2026-11-20": 1, "2026-11-21": 2}),
        ("model", {"llama": 1, "qwen\x1b": 2}),
        ("repository", {"lib=/src/lib": 1, "app=/src/app": 2}),
    ],
)
def test_a_line_for_each(copilot: Copilot, by: str, keys: dict[str, int]) -> None:
    rows = json.loads(copilot("runs", "stats", "--by", by, "--json", environment=UTC).stdout)
    assert {row["key"]: row["requests"] for row in rows} == keys
    assert [row["hit_rate"] for row in rows if row["requests"] == 1] == [None]
    shown = copilot("runs", "stats", "--by", by, environment=UTC).stdout
    assert shown.splitlines()[0].startswith(by)


@pytest.mark.usefixtures("runs")
def test_only_since(copilot: Copilot, fails: Fails) -> None:
    options = ("runs", "stats", "--json", "--since")
    (row,) = json.loads(copilot(*options, "2026-11-21", environment=UTC).stdout)
    assert row["requests"] == 2
    done = copilot("runs", "stats", "--since", "2030-01-01", environment=UTC)
    assert (done.stdout, done.stderr) == ("", "nothing was asked since then\n")
    (row,) = json.loads(copilot(*options, "9999w").stdout)
    assert row["requests"] == 3
    for wrong in ("yesterday", "7y", "999999w"):
        assert "7d" in fails(2, *options, wrong)
