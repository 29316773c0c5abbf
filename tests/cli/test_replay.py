"""`copilot runs replay`: a prompt once more, or what of it is gone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.runs.store import Run, record_run
from copilot.settings.paths import state_paths

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Git = Callable[..., str]
MakeRepository = Callable[..., Path]


@pytest.fixture
def root(make_repository: MakeRepository) -> Path:
    """A repository of many files, some of them not committed."""
    root = make_repository({f"{n:02}.py": f"value = {n}\n" for n in range(25)}, "app")
    (root / "new.py").write_text("new = 1\n")
    return root


@pytest.fixture
def packed(copilot: Copilot, root: Path, tmp_path: Path) -> tuple[Path, str]:
    """The manifest of a prompt, in a file outside the repository, and the prompt."""
    file, prompt = tmp_path / "manifest.json", tmp_path / "prompt.txt"
    options = ("--manifest", file, "-o", prompt)
    assert copilot("pack", "mend it", *options, cwd=root).returncode == 0
    return file, prompt.read_text()


@pytest.fixture
def number(packed: tuple[Path, str]) -> int:
    """A run whose manifest is kept."""
    document = json.loads(packed[0].read_text())
    facts = ("2026-11-22T02:27:07+00:00", "ask", "mend it", "", "qwen", document["prompt_sha256"])
    run = Run(*facts, document["total_tokens"], None, None, 1.0, "answered")
    return record_run(state_paths().runs_file, run, document)


def _emptied(root: Path, git: Git) -> None:
    git(root, "rm", "-r", "--quiet", ".")
    git(root, "commit", "--quiet", "--message", "gone")


def test_the_prompt_of_a_run_is_printed_again(
    copilot: Copilot, root: Path, packed: tuple[Path, str], number: int, git: Git, tmp_path: Path
) -> None:
    _emptied(root, git)
    done = copilot("runs", "replay", number)
    assert (done.returncode, done.stdout) == (0, packed[1])
    assert "as they were" in done.stderr
    out = tmp_path / "again.txt"
    done = copilot("runs", "replay", number, "-o", out)
    assert (done.returncode, done.stdout, out.read_text()) == (0, "", packed[1])


def test_what_is_gone_is_named_and_nothing_is_written(
    fails: Fails, root: Path, packed: tuple[Path, str], number: int, tmp_path: Path
) -> None:
    (root / "new.py").unlink()
    out = tmp_path / "again.txt"
    said = fails(7, "runs", "replay", number, "-o", out)
    assert re.match(r"1 of \d+ entries are gone, ", said)
    assert "  app/new.py in base: neither among git's objects nor on disk as it was\n" in said
    assert not out.exists()
    root.rename(tmp_path / "moved")
    said = fails(7, "runs", "replay", number)
    assert "if it moved, add -R app=PATH" in said
    assert "  and 6 more: say --verbose\n" in said
    assert "and 6 more" not in fails(7, "runs", "replay", number, "--verbose")


def test_a_folder_that_moved_is_found_where_the_user_says(
    copilot: Copilot, root: Path, packed: tuple[Path, str], number: int, tmp_path: Path
) -> None:
    root.rename(tmp_path / "moved")
    done = copilot("runs", "replay", number, "-R", f"app={tmp_path / 'moved'}")
    assert (done.returncode, done.stdout) == (0, packed[1])


def test_a_manifest_is_read_beside_the_work_tree_around_or_named(
    copilot: Copilot, fails: Fails, root: Path, packed: tuple[Path, str], make_repository: Any
) -> None:
    file, prompt = packed
    assert copilot("runs", "replay", "--manifest", file, cwd=root).stdout == prompt
    other = make_repository({"other.py": "other = 1\n"}, "other")
    named = ("runs", "replay", "--manifest", file, "-R")
    assert copilot(*named, f"app={root}", cwd=other).stdout == prompt
    said = fails(7, "runs", "replay", "--manifest", file, cwd=other)
    assert "no folder is named for it; add -R app=PATH" in said


def test_a_manifest_of_a_repository_elsewhere_needs_its_name_and_no_network(
    copilot: Copilot,
    fails: Fails,
    root: Path,
    make_repository: Any,
    git_server: Any,
    tmp_path: Path,
) -> None:
    far = make_repository({"lib.py": "lib = 1\n"}, "far")
    url = git_server.publish(far, "far")
    file = tmp_path / "manifest.json"
    prompt = copilot("pack", "--repo", url, "--manifest", file, cwd=root).stdout
    git_server.stop()
    again = ("runs", "replay", "--manifest", file)
    assert copilot(*again, "--repo", url, cwd=root).stdout == prompt
    assert "  far/lib.py in base: not in what is kept" in fails(7, *again, cwd=root)


NO_MANIFESTS = {
    "empty": b"",
    "no JSON": b"no JSON",
    "deep": b"[" * 200_000,
    "another version": b'{"version": 1}',
    "a list": b"[]",
    "no UTF-8": b"\xff",
    "nothing else": b'{"version": 2}',
    "escapes": b"\x1b[2J",
}


@pytest.mark.parametrize("name", list(NO_MANIFESTS))
def test_a_file_that_is_no_manifest_is_refused(fails: Fails, tmp_path: Path, name: str) -> None:
    file = tmp_path / "m.json"
    file.write_bytes(NO_MANIFESTS[name])
    assert "manifest" in fails(2, "runs", "replay", "--manifest", file)


def test_a_manifest_that_cannot_be_read_is_said(fails: Fails, tmp_path: Path) -> None:
    assert "cannot read" in fails(2, "runs", "replay", "--manifest", tmp_path / "missing")
    assert "cannot read" in fails(2, "runs", "replay", "--manifest", tmp_path)


def test_hostile_names_are_shown_harmless(
    fails: Fails, root: Path, packed: tuple[Path, str]
) -> None:
    document = json.loads(packed[0].read_text())
    entry = document["sections"][1]["entries"][1]
    entry["path"] = "\x1b[2J\nforged"
    packed[0].write_text(json.dumps(document))
    said = fails(7, "runs", "replay", "--manifest", packed[0], cwd=root)
    assert "  app/\\x1b[2J\\nforged in base: its text comes out otherwise" in said


def test_one_thing_is_replayed(fails: Fails, packed: tuple[Path, str], number: int) -> None:
    assert "one of them" in fails(2, "runs", "replay")
    assert "one of them" in fails(2, "runs", "replay", number, "--manifest", packed[0])
    assert "there is no run 77" in fails(2, "runs", "replay", "77")
    run = Run("", "ask", "x", "", "qwen", "5" * 64, 1, None, None, 1.0, "answered")
    other = record_run(state_paths().runs_file, run)
    assert f"the manifest of run {other} is not kept" in fails(2, "runs", "replay", other)
