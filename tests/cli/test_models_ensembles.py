"""`copilot models`: models made of others are described, added and warmed like any other."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., Any]
Fails = Callable[..., str]
Model = Callable[..., str]

USAGE = {"prompt_tokens": 1234, "completion_tokens": 1}
UNSET = "(none is set: --check, or check in your configuration)"
NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture
def config(empty_home: Path) -> Path:
    """The user's own configuration."""
    file = empty_home / ".config" / "repo-copilot" / "config.toml"
    file.parent.mkdir(parents=True)
    return file


def table(name: str, url: str = NOWHERE) -> str:
    return f'[models.{name}]\nbase_url = "{url}"\nmodel = "scripted"\nretries = 0\n'


@pytest.mark.parametrize(
    ("settings", "where", "aggregator"),
    [
        (
            'provider = "mixture"\nmembers = ["a", "b"]\nlayers = 3',
            "mixture of a, b; 3 layers; a sums up",
            "a",
        ),
        ('provider = "self"\nmembers = ["a"]', "self of a ×3; a sums up", "a"),
        (
            'provider = "best-of"\nmembers = ["a"]\nsamples = 5',
            f"best-of of a ×5; your check judges {UNSET}",
            None,
        ),
        (
            'provider = "best-of"\nmembers = ["a", "b"]\naggregator = "b"',
            f"best-of of a, b; your check judges, then b {UNSET}",
            "b",
        ),
        (
            'provider = "mixture"\nmembers = ["a", "gone"]',
            "mixture of a, gone; a sums up; it cannot be asked: no model is named 'gone'",
            "a",
        ),
        (
            'provider = "mixture"',
            "mixture of nobody; it cannot be asked: models.all: an ensemble needs members",
            None,
        ),
    ],
)
def test_the_list_says_what_an_ensemble_is_made_of(
    copilot: Copilot, config: Path, settings: str, where: str, aggregator: str | None
) -> None:
    config.write_text(f"[models.all]\n{settings}\n{table('a')}{table('b')}")
    rows = {row["name"]: row for row in json.loads(copilot("models", "list", "--json").stdout)}
    assert (rows["all"]["where"], rows["all"]["aggregator"]) == (where, aggregator)
    assert rows["a"]["where"] == f"scripted at {NOWHERE}"
    named = tomllib.loads(settings).get("members", [])
    assert [one["name"] for one in rows["all"]["members"]] == named
    assert where in copilot("models", "list").stdout


def test_a_check_that_is_set_judges(copilot: Copilot, config: Path) -> None:
    ensemble = '[models.all]\nprovider = "best-of"\nmembers = ["a"]\n'
    config.write_text(f'check = "true"\n{ensemble}{table("a")}')
    said = copilot("models", "list").stdout
    assert "best-of of a ×3; your check judges\n" in said


def test_the_list_shows_an_embedded_model_by_a_name_of_its_own(
    copilot: Copilot, config: Path
) -> None:
    config.write_text('[models.tiny]\nprovider = "embedded"\nmodel = "qwen2.5-coder-0.5b"\n')
    rows = {row["name"]: row for row in json.loads(copilot("models", "list", "--json").stdout)}
    assert rows["tiny"]["where"].startswith("qwen2.5-coder-0.5b, embedded, ")


def test_an_ensemble_is_added_once_its_members_answer(
    copilot: Copilot, model: Model, config: Path
) -> None:
    config.write_text(
        table("a", model("x")) + table("b", model("x", facts={"max_model_len": 9000}))
    )
    options = ("--provider", "best-of", "--member", "a", "--member", "b", "--samples", "2")
    done = copilot("models", "add", "all", *options)
    assert done.returncode == 0, done.stderr
    assert "best-of of a ×2, b ×2; your check judges" in done.stderr
    assert "it answers: model best-of(a #1, a #2, b #1, b #2), window 9,000 tokens" in done.stderr
    added = tomllib.loads(config.read_text())["models"]["all"]
    assert added == {"provider": "best-of", "members": ["a", "b"], "samples": 2}


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--provider", "mixture"), "an ensemble needs members"),
        (("--provider", "mixture", "--member", "gone"), "no model is named 'gone'"),
        (("--provider", "self", "--member", "a", "--member", "b"), "self asks one model"),
        (("--member", "a"), "members of what?"),
        (("--provider", "openai", "--member", "a", "--base-url", NOWHERE), "has members, but"),
        (("--provider", "mixture", "--member", "a", "--base-url", NOWHERE), "no server or key"),
    ],
)
def test_an_ensemble_that_cannot_be_is_not_added(
    fails: Fails, config: Path, options: tuple[str, ...], what: str
) -> None:
    config.write_text(before := table("a") + table("b"))
    assert what in fails(2, "models", "add", "all", *options, "--no-check")
    assert config.read_text() == before


def test_a_member_that_is_missing_is_looked_for_among_the_others(
    fails: Fails, config: Path
) -> None:
    config.write_text(table("a"))
    said = fails(2, "models", "add", "all", "--provider", "mixture", "--member", "gone")
    assert "known: a, qwen" in said


def test_each_member_is_warmed_once(
    copilot: Copilot,
    model: Model,
    config: Path,
    make_repository: Callable[..., Path],
    asked: list[dict[str, Any]],
) -> None:
    urls = model("x", usage=USAGE), model("x", usage=USAGE)
    config.write_text(
        '[models.all]\nprovider = "mixture"\nmembers = ["a", "b"]\naggregator = "again"\n'
        + table("a", urls[0])
        + table("b", urls[1])
        + table("again", urls[0])
    )
    root = make_repository({"a.py": "a = 1\n"})
    done = copilot("models", "warm", "all", "--json", cwd=root)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["model"] == "mixture(a, b) by again"
    assert [one["prompt_tokens"] for one in facts["members"]] == [1234, 1234]
    assert [body["max_tokens"] for body in asked] == [1, 1]
    assert asked[0]["messages"] == asked[1]["messages"]
    said = copilot("models", "warm", "all", cwd=root).stdout
    assert [line.partition(":")[0] for line in said.splitlines()] == ["a", "b"]


def test_a_member_that_fails_is_named_and_the_others_are_warmed(
    copilot: Copilot, model: Model, config: Path, make_repository: Callable[..., Path]
) -> None:
    config.write_text(
        '[models.all]\nprovider = "mixture"\nmembers = ["gone", "b"]\naggregator = "b"\n'
        + table("gone", "http://127.0.0.1:1/v1")
        + table("b", model("x", usage=USAGE))
    )
    root = make_repository({"a.py": "a = 1\n"})
    done = copilot("models", "warm", "all", "--json", cwd=root)
    assert done.returncode == 3
    assert "gone was not warmed: no answer from http://127.0.0.1:1/v1" in done.stderr
    facts = json.loads(done.stdout)
    gone, b = facts["members"]
    assert (gone["name"], sorted(gone)) == ("gone", ["error", "name"])
    assert (b["name"], b["prompt_sha256"]) == ("b", facts["prompt_sha256"])
    assert b["prompt_tokens"] == 1234
    assert 0 < facts["prompt_tokens"] < 1234
    said = copilot("models", "warm", "all", cwd=root).stdout
    assert [line.partition(":")[0] for line in said.splitlines()] == ["b"]
