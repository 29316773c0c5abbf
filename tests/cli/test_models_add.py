"""`copilot models add` with its options and in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]

# A keyring that keeps its keys in a file, so that the test can look.
RING = """
import os
from pathlib import Path
FILE = Path(os.environ["RING_FILE"])
def get_password(service, name):
    return None
def set_password(service, name, key):
    FILE.write_text(f"{service} {name} {key}")
"""


@pytest.fixture
def config(empty_home: Path) -> Path:
    return empty_home / ".config" / "repo-copilot" / "config.toml"


@pytest.fixture
def ring(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a keyring that keeps its keys in `ring.txt`."""
    package = tmp_path / "packages" / "keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(RING)
    (package / "errors.py").write_text("class KeyringError(Exception): pass\n")
    return {"PYTHONPATH": str(package.parent), "RING_FILE": str(tmp_path / "ring.txt")}


def in_terminal(*arguments: str, answers: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run `copilot` before a person who types these answers; return its code and what is seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "copilot", *arguments],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    seen = b""
    # The terminal is gone (EIO) when nobody else holds it any more.
    with suppress(OSError):
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    return process.wait(timeout=120), seen.decode()


def test_a_terminal_is_asked_for_what_no_option_says(model: Model, config: Path) -> None:
    url = model("", key="sk-right", facts={"max_model_len": 4096})
    answers = f"\n\n{url}\n\nMY_KEY\nmany\n200k\n\n3\ncheap\n15\n"
    code, seen = in_terminal(
        "models", "add", "mine", answers=answers, environment={"MY_KEY": "sk-right"}
    )
    assert code == 0, seen
    assert "not a number of tokens: 'many'" in seen
    assert "not a price: 'cheap'" in seen
    assert "it answers: model scripted, window 4,096 tokens" in seen
    assert tomllib.loads(config.read_text())["models"]["mine"] == {
        "provider": "openai",
        "base_url": url,
        "api_key_env": "MY_KEY",
        "window": 200_000,
        "tokenizer": "o200k_base",
        "price_input": 3.0,
        "price_output": 15.0,
    }


def test_without_a_terminal_the_address_must_be_said(fails: Fails, config: Path) -> None:
    assert "--base-url" in fails(2, "models", "add", "mine")
    assert not config.exists()


def test_prices_are_written(copilot: Copilot, config: Path) -> None:
    prices = ("--price-input", "3", "--price-cached", "0.3", "--price-output", "15")
    options = ("--no-check", "--base-url", "http://127.0.0.1:1/v1", "--currency", "EUR", *prices)
    assert copilot("models", "add", "mine", *options).returncode == 0
    written = tomllib.loads(config.read_text())["models"]["mine"]
    assert (written["price_cached"], written["currency"]) == (0.3, "EUR")


@pytest.mark.parametrize(
    "options",
    [
        ("--api-key-env", "sk-ant-12345-secret"),
        ("--price-input", "-1"),
        ("--currency", "dollars"),
        ("--provider", "a b"),
    ],
)
def test_what_no_model_takes_is_refused(
    fails: Fails, config: Path, options: tuple[str, str]
) -> None:
    said = fails(2, "models", "add", "mine", "--no-check", "--base-url", "http://x/v1", *options)
    assert "secret" not in said
    assert not config.exists()


def test_local_only_tries_no_server_elsewhere(fails: Fails, config: Path) -> None:
    options = ("--base-url", "https://api.example.com/v1")
    said = fails(6, "models", "add", "mine", *options, environment={"COPILOT_LOCAL_ONLY": "1"})
    assert "local_only" in said
    assert not config.exists()


def test_a_key_goes_into_the_keyring_once_it_was_tried(
    copilot: Copilot, fails: Fails, model: Model, config: Path, ring: dict[str, str]
) -> None:
    url = model("", key="sk-right")
    kept = Path(ring["RING_FILE"])
    options = ("models", "add", "mine", "--base-url", url, "--keyring")
    fails(3, *options, stdin="sk-wrong\n", environment=ring)
    assert not kept.exists()
    done = copilot(*options, stdin="sk-right\n", environment=ring)
    assert done.returncode == 0, done.stderr
    assert kept.read_text() == f"repo-copilot {url.removesuffix('/v1')} sk-right"
    assert "sk-right" not in config.read_text() + done.stdout + done.stderr


def test_no_key_is_kept_without_a_keyring(fails: Fails, config: Path) -> None:
    options = ("--no-check", "--base-url", "http://127.0.0.1:1/v1", "--keyring")
    assert "repo-copilot[keyring]" in fails(2, "models", "add", "mine", *options, stdin="sk-1\n")
    assert not config.exists()


def test_an_embedded_model_has_to_be_named(fails: Fails) -> None:
    options = ("models", "add", "tiny", "--provider", "embedded")
    said = fails(2, *options)
    assert "tiny is to be an embedded model: which one?" in said
    assert "models add: --id" in said
    assert "no embedded model is called 'large'" in fails(2, *options, "--id", "large")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--currency", "dollars"), "--currency: it takes three capital letters"),
        (("--samples", "0"), "--samples: it takes at least 1"),
        (("--price-input", "-1"), "--price-input: it takes at least 0"),
    ],
)
def test_a_wrong_option_is_told_by_its_name(
    fails: Fails, options: tuple[str, str], said: str
) -> None:
    url = ("--base-url", "http://127.0.0.1:1/v1", "--no-check")
    assert said in fails(2, "models", "add", "x1", *url, *options)
