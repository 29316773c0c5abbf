"""`copilot pack --list`: every file with its tokens, its kind, and why it is in or out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]

FILES: dict[str, str | bytes] = {
    "README.md": "# A tree\n",
    "src/app.py": "def f():\n    return 1\n",
    "src/bundle.js": "x" * 3000,
    "tests/test_app.py": "def test(): ...\n",
    "logo.png": b"\x89PNG\0",
    "uv.lock": "version = 1\n",
    ".env": "KEY=hunter2\n",
    "evil\x1b[31m\n.py": "",
}


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES, "tree")


def _shown(stdout: str) -> list[tuple[str, str]]:
    """Return the name and what is said of it, line by line."""
    rows = (line.lstrip().split("  ", 1)[1].strip() for line in stdout.splitlines())
    return [(row.partition("  ")[0], row.partition("  ")[2]) for row in rows]


def test_every_file_is_listed_with_its_kind_and_reason(copilot: Copilot, repository: Path) -> None:
    done = copilot("pack", "--list", cwd=repository)
    assert done.returncode == 0
    assert _shown(done.stdout) == [
        ("tree/", ""),
        (".env", "secret: its name says it holds keys or passwords"),
        ("README.md", "documentation: tracked"),
        ("evil\\x1b[31m\\n.py", "source: tracked"),
        ("logo.png", "binary"),
        ("src/", ""),
        ("app.py", "source: tracked"),
        ("bundle.js", "minified: most of it stands in lines of 1,000 characters and more"),
        ("tests/", ""),
        ("test_app.py", "test: tracked"),
        ("uv.lock", "lock file"),
    ]


def test_its_tokens_are_the_manifests(copilot: Copilot, repository: Path, tmp_path: Path) -> None:
    listed = tmp_path / "m.json"
    stdout = copilot("pack", "--list", "--manifest", listed, cwd=repository).stdout
    counts = [line.split()[0] for line in stdout.splitlines() if "  README.md" in line]
    manifest = json.loads(listed.read_text())
    assert counts == [str(f["tokens"]) for f in manifest["files"] if f["path"] == "README.md"]
    base = next(s["tokens"] for s in manifest["sections"] if s["kind"] == "base")
    assert stdout.split()[0] == f"{base:,}"


def test_over_the_budget_it_shows_where_the_tokens_are(copilot: Copilot, repository: Path) -> None:
    done = copilot("pack", "--list", "--budget", "5", cwd=repository)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 11)


def test_over_the_budget_no_prompt_is_written(
    copilot: Copilot, repository: Path, tmp_path: Path
) -> None:
    options = ("--list", "--budget", "5", "-o", tmp_path / "out.txt")
    assert copilot("pack", *options, cwd=repository).returncode == 4
    assert not (tmp_path / "out.txt").exists()


def test_with_json_it_is_the_manifest(copilot: Copilot, repository: Path) -> None:
    one = copilot("pack", "--list", "--json", cwd=repository).stdout
    assert json.loads(one) == json.loads(copilot("pack", "--json", cwd=repository).stdout)
