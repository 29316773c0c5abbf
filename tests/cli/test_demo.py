"""`copilot demo`: red, mended, green, and all taken back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]
Words = Callable[..., str]
Git = Callable[..., str]


def test_the_main_job(
    copilot: Copilot, model: Model, block: Words, reply: Words, git: Git, tmp_path: Path
) -> None:
    old, new = "    return total // per_page\n", "    return -(-total // per_page)\n"
    url = model(reply(block("demo/shop/pages.py", old, new)))
    done = copilot("demo", "--base-url", url)
    folder = tmp_path / "copilot-demo"
    assert done.returncode == 0, done.stderr
    assert "tests before: red" in done.stdout
    assert "tests after: green" in done.stdout
    assert f"-{old}+{new}" in done.stdout
    assert git(folder, "status", "--porcelain", "--ignored") == " M shop/pages.py\n"
    assert copilot("undo", cwd=folder).returncode == 0
    assert git(folder, "status", "--porcelain", "--ignored") == ""


def test_a_model_that_does_not_mend_it(
    copilot: Copilot, model: Model, block: Words, reply: Words, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    wrong = block("demo/shop/pages.py", "    return total // per_page\n", "    return 3\n")
    done = copilot("demo", "--folder", folder, "--base-url", model(reply(wrong)))
    assert done.returncode == 1
    assert "tests after: red" in done.stdout
    assert (folder / "shop" / "pages.py").is_file()


def test_a_folder_that_is_there(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert "--folder" in fails(2, "demo", "--folder", "here", cwd=tmp_path)
