"""`copilot models`: what can be asked, and how the user's own configuration learns of more."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]

SMALL = "qwen2.5-coder-0.5b"
DEFAULT = "qwen2.5-coder-1.5b"


@pytest.fixture
def config(empty_home: Path) -> Path:
    return empty_home / ".config" / "repo-copilot" / "config.toml"


def test_list(copilot: Copilot, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('[models.big]\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "b\\u001b-1"\n')
    rows = {row["name"]: row for row in json.loads(copilot("models", "list", "--json").stdout)}
    assert set(rows) == {"big", SMALL, DEFAULT}
    assert [name for name, row in rows.items() if row["default"]] == [DEFAULT]
    assert rows["big"]["where"] == "b\x1b-1 at http://127.0.0.1:1/v1"
    assert f"copilot models pull {SMALL}" in rows[SMALL]["where"]
    shown = copilot("models", "list").stdout
    assert "b\\x1b-1" in shown
    assert f"* {DEFAULT}" in shown


def test_add_writes_the_users_own_configuration(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path], config: Path
) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("# mine\nbudget = 5000\n")
    url = model("Yes.", key="sk-right", facts={"max_model_len": 4096})
    options = ("--base-url", url, "--api-key-env", "MY_KEY", "--default")
    environment = {"MY_KEY": "sk-right"}
    root = make_repository({"a.txt": "x\n"})
    done = copilot("models", "add", "mine", *options, cwd=root, environment=environment)
    assert (done.returncode, done.stdout) == (0, "")
    assert "model scripted, window 4,096 tokens" in done.stderr
    assert config.read_text().startswith("# mine\n")
    assert tomllib.loads(config.read_text()) == {
        "budget": 5000,
        "model": "mine",
        "models": {"mine": {"base_url": url, "tokenizer": "o200k_base", "api_key_env": "MY_KEY"}},
    }
    assert "sk-right" not in config.read_text()
    assert copilot("ask", "x", cwd=root, environment=environment).stdout == "Yes.\n"
    assert not list(root.glob("**/.copilot*"))


def test_add_tries_the_connection_first(fails: Fails, model: Model, config: Path) -> None:
    url = model("", key="sk-right")
    assert "--no-check" in fails(3, "models", "add", "mine", "--base-url", url)
    assert not config.exists()


def test_add_unseen(copilot: Copilot, config: Path) -> None:
    options = ("--no-check", "--base-url", "http://127.0.0.1:1/v1", "--id", "x", "--window", "9")
    assert copilot("models", "add", "mine", *options).returncode == 0
    assert tomllib.loads(config.read_text())["models"]["mine"]["window"] == 9


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "https://me:hunter2@api.example.com/v1"])
def test_add_refuses_what_is_no_base_url(fails: Fails, config: Path, url: str) -> None:
    said = fails(2, "models", "add", "mine", "--no-check", "--base-url", url)
    assert "hunter2" not in said
    assert not config.exists()


def test_pull_of_what_is_here_fetches_nothing(copilot: Copilot, models_dir: Path) -> None:
    environment = {"COPILOT_MODELS_DIR": str(models_dir)}
    done = copilot("models", "pull", SMALL, "--json", environment=environment)
    path = Path(json.loads(done.stdout)["path"])
    assert done.returncode == 0
    assert path.parent == models_dir
    assert path.is_file()


def test_pull_of_a_name_nobody_knows(fails: Fails) -> None:
    assert SMALL in fails(2, "models", "pull", "qwen2.5-coder-0.5")
