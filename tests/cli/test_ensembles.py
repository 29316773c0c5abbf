"""Commands that ask an ensemble, as a user's configuration describes it."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.settings.paths import state_paths

_TEST = "import unittest, calc\n\nclass T(unittest.TestCase):\n"
_TEST += "    def test_one(self): self.assertEqual(calc.one(), 1)\n"
FILES = {"calc.py": "def one():\n    return 0\n", "test_calc.py": _TEST}
PRICES = "price_input = 1.0\nprice_output = 1.0\nprice_cached = 1.0\n"
USAGE = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES, "app")


@pytest.fixture
def config_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration of an ensemble `all`, of members by name and base URL."""

    def write(table: str, **urls: str) -> Path:
        tables = [f"[models.all]\n{table}\nmembers = {list(urls)}\n".replace("'", '"')]
        tables += [
            f'[models.{name}]\nbase_url = "{url}"\nmodel = "scripted"\nretries = 0\n{PRICES}'
            for name, url in urls.items()
        ]
        path = tmp_path / "config.toml"
        path.write_text("\n".join(tables))
        return path

    return write


def test_best_of_writes_what_passes(
    copilot: Callable[..., Any],
    model: Callable[..., str],
    config_of: Callable[..., Path],
    block: Callable[..., str],
    reply: Callable[..., str],
    root: Path,
) -> None:
    wrong = reply(block("app/calc.py", "    return 0\n", "    return 2\n"))
    right = reply(block("app/calc.py", "    return 0\n", "    return 1\n"))
    config = config_of(
        'provider = "best-of"',
        wrong=model(wrong, usage=USAGE),
        gone="http://127.0.0.1:9/v1",
        right=model(right, usage=USAGE),
    )
    check = f"{sys.executable} -B -m unittest -q"
    arguments = ("edit", "Return 1", "-R", root, "--config", config, "--model", "all", "--yes")
    done = copilot(*arguments, "--check", check)
    assert done.returncode == 0, done.stderr
    assert (root / "calc.py").read_text() == "def one():\n    return 1\n"
    said = done.stderr.splitlines()
    assert any(line.startswith("gone: dropped: ") for line in said)
    assert "wrong: behind: 1 file changed, 1 test failed" in said
    assert "right: best: 1 file changed, the check passes" in said
    assert "right: chosen" in said
    assert any(line.startswith("3 calls: ") and "without the reply" in line for line in said)
    with sqlite3.connect(state_paths().runs_file) as runs:
        ((name, tokens, cost),) = runs.execute("SELECT model, prompt_tokens, cost FROM runs")
    assert (name, tokens, cost) == ("best-of(wrong, gone, right)", 2_000_000, 3.0)


def test_a_mixture_answers_a_question(
    copilot: Callable[..., Any],
    model: Callable[..., str],
    config_of: Callable[..., Path],
    root: Path,
    asked: list[dict[str, Any]],
) -> None:
    config = config_of('provider = "mixture"', one=model("It is a.", "Summed up."), two=model("b"))
    done = copilot("ask", "What?", "-R", root, "--config", config, "--model", "all")
    assert (done.returncode, done.stdout.strip()) == (0, "Summed up."), done.stderr
    assert "It is a." in asked[-1]["messages"][-1]["content"]
    assert asked[-1]["messages"][0] == asked[0]["messages"][0]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ('provider = "self"', "self asks one model several times"),
        ('provider = "mixture"\nquorum = 9', "a quorum above its 2 calls"),
        ('provider = "mixture"\naggregator = "all"', "a member is an ensemble itself"),
        ('provider = "mixture"\naggregator = "nobody"', "no model is named 'nobody'"),
    ],
)
def test_an_ensemble_that_cannot_be(
    fails: Callable[..., str], config_of: Callable[..., Path], root: Path, table: str, what: str
) -> None:
    config = config_of(table, a="http://127.0.0.1:9/v1", b="http://127.0.0.1:9/v1")
    said = fails(2, "ask", "What?", "-R", root, "--config", config, "--model", "all")
    assert what in said


def test_under_local_only_each_member_must_be_local(
    fails: Callable[..., str], config_of: Callable[..., Path], root: Path
) -> None:
    config = config_of(
        'provider = "mixture"', a="http://127.0.0.1:9/v1", b="https://example.org/v1"
    )
    config.write_text(f"local_only = true\n{config.read_text()}")
    said = fails(6, "ask", "What?", "-R", root, "--config", config, "--model", "all")
    assert "example.org" in said
