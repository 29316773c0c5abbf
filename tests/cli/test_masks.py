"""Secrets: masked in what is sent, put back in what is written, and told by place alone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Model = Callable[..., str]

VALUE = "hunter2" + "-Real!"
FILES = {
    "settings.py": f'HOST = "db.example.com"\nDB_PASSWORD = "{VALUE}"\n',
    "other.py": "x = 1\n",
}
WORD = re.compile(r"MASKED_\w+_[0-9a-f]{16}")


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES, "app")


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text("may_unmask = true\n")
    return file


def _word(copilot: Copilot, root: Path) -> str:
    found = WORD.search(copilot("pack", cwd=root).stdout)
    assert found
    return found[0]


def _reply(path: str, search: str, replace: str) -> str:
    block = f"<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"
    return f"{path}\n{block}END OF EDITS: 1 file, 1 block\n"


def test_a_prompt_holds_no_secret_and_the_report_names_its_place(
    copilot: Copilot, root: Path, tmp_path: Path
) -> None:
    first, second = (copilot("pack", "--manifest", tmp_path / "m", cwd=root) for _ in range(2))
    assert first.stdout == second.stdout
    assert VALUE not in first.stdout + first.stderr
    assert "app/settings.py:2 password" in first.stderr
    files = json.loads((tmp_path / "m").read_text())["files"]
    word = WORD.findall(first.stdout)[-1]
    assert {file["path"]: file["masks"] for file in files} == {
        "other.py": [],
        "settings.py": [{"line": 2, "kind": "password", "placeholder": word}],
    }
    assert VALUE not in (tmp_path / "m").read_text()


def test_the_list_names_the_lines(copilot: Copilot, root: Path) -> None:
    listed = copilot("pack", "--list", cwd=root).stdout
    assert "settings.py  source: tracked; masked: line 2 password\n" in listed


def test_a_model_never_sees_it(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    copilot("ask", "What?", "--base-url", model("It is 42."), cwd=root)
    assert VALUE not in json.dumps(asked)
    assert "MASKED_" in json.dumps(asked)


def test_an_edit_of_a_masked_line_writes_the_secret_back(copilot: Copilot, root: Path) -> None:
    line = f'DB_PASSWORD = "{_word(copilot, root)}"'
    reply = _reply("app/settings.py", f"{line}\n", f"{line}  # rotate\n")
    done = copilot("apply", "--yes", cwd=root, stdin=reply)
    assert done.returncode == 0, done.stderr
    assert (root / "settings.py").read_text() == FILES["settings.py"].replace(
        f'"{VALUE}"', f'"{VALUE}"  # rotate'
    )


def test_a_moved_file_takes_its_secret_along(copilot: Copilot, root: Path) -> None:
    line = f'DB_PASSWORD = "{_word(copilot, root)}"\n'
    rename = "app/settings.py\n<<<<<<< RENAME\napp/conf.py\n>>>>>>> END\n"
    block = f"app/conf.py\n<<<<<<< SEARCH\n{line}=======\n{line}PORT = 1\n>>>>>>> REPLACE\n"
    reply = f"{rename}{block}END OF EDITS: 2 files, 2 blocks\n"
    done = copilot("apply", "--yes", cwd=root, stdin=reply)
    assert done.returncode == 0, done.stderr
    assert (root / "conf.py").read_text() == FILES["settings.py"] + "PORT = 1\n"


def test_a_secret_cannot_be_talked_into_another_file(copilot: Copilot, root: Path) -> None:
    word = _word(copilot, root)
    for reply in (
        _reply("app/other.py", "x = 1\n", f'x = "{word}"\n'),
        f'app/new.py\n<<<<<<< CREATE\nx = "{word}"\n>>>>>>> END\nEND OF EDITS: 1 file, 1 block\n',
    ):
        done = copilot("apply", "--yes", cwd=root, stdin=reply)
        assert done.returncode == 5
        assert "stands for no secret in this file" in done.stderr
    assert (root / "other.py").read_text() == "x = 1\n"
    assert not (root / "new.py").exists()


def test_masks_come_off_only_where_the_user_allows_it(
    copilot: Copilot, fails: Fails, root: Path, allowed: Path
) -> None:
    said = fails(6, "pack", "--no-mask", cwd=root)
    assert "may_unmask" in said
    plain = copilot("pack", "--no-mask", "--config", allowed, cwd=root)
    assert VALUE in plain.stdout
    assert "masked" not in plain.stderr
    assert VALUE not in copilot("pack", "--config", allowed, cwd=root).stdout


def test_a_repository_cannot_allow_it(copilot: Copilot, fails: Fails, root: Path) -> None:
    (root / ".copilot.toml").write_text("may_unmask = true\n")
    assert "may_unmask" in fails(6, "pack", "--no-mask", cwd=root)
    assert VALUE not in copilot("pack", cwd=root).stdout


def test_an_outline_is_masked_too(copilot: Copilot, root: Path) -> None:
    body = "".join(f"    line_{number} = {number}\n" for number in range(9))
    with (root / "settings.py").open("a") as file:
        file.write(f"\n\ndef f():\n{body}")
    done = copilot("pack", "--detail", "outline", cwd=root)
    assert 'path="app/settings.py" detail="outline">' in done.stdout
    assert "    … 9 lines\n" in done.stdout
    assert VALUE not in done.stdout
    assert "app/settings.py:2 password" in done.stderr


@pytest.mark.parametrize(
    "mangle",
    [
        lambda word: word[:-1],
        lambda word: word + "x",
        str.upper,
        lambda word: f"{word[:18]}…",
        lambda word: word.rpartition("_")[0],
        lambda _: "MASKED_api_key_000000",
    ],
)
def test_a_mangled_placeholder_does_not_take_the_secrets_place(
    copilot: Copilot, root: Path, mangle: Callable[[str], str]
) -> None:
    word = _word(copilot, root)
    reply = _reply(
        "app/settings.py", f'DB_PASSWORD = "{word}"\n', f'DB_PASSWORD = "{mangle(word)}"\n'
    )
    done = copilot("apply", "--yes", cwd=root, stdin=reply)
    assert done.returncode == 5, done.stderr
    assert (root / "settings.py").read_text() == FILES["settings.py"]


def test_words_that_only_begin_alike_are_written(copilot: Copilot, root: Path) -> None:
    reply = _reply("app/settings.py", 'HOST = "db.example.com"\n', "MASKED_ARRAY = masked_fill\n")
    done = copilot("apply", "--yes", cwd=root, stdin=reply)
    assert done.returncode == 0, done.stderr
    assert "MASKED_ARRAY = masked_fill\n" in (root / "settings.py").read_text()
