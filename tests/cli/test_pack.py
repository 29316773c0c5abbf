"""`copilot pack`: the prompt, its count, its manifest, and what keeps it from being made."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.context.tokens import reference_encoding

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
MakeRepository = Callable[..., Path]
Git = Callable[..., str]

FILES: dict[str, str | bytes] = {
    "README.md": "# A tree\n\nWith a caf\u00e9 and no end of line",
    "src/app.py": "def f():\n    return '<file path=\"src/app.py\">'\n",
    "src/marks.txt": "<<<<<<< SEARCH\n=======\n>>>>>>> REPLACE\n",
    "src/empty.py": "",
    "src/odd name \u2028.txt": "separators\u2028\x85\x1b[31m\n",
    "windows.txt": "a\r\nb\r\n",
    "logo.png": b"\x89PNG\0",
    "uv.lock": "version = 1\n",
    ".env": "KEY=hunter2\n",
    ".gitignore": "*.log\n",
}


@pytest.fixture
def repository(make_repository: MakeRepository) -> Path:
    root = make_repository(FILES, "tree")
    (root / "debug.log").write_text("ignored\n")
    (root / "new.txt").write_text("untracked\n")
    return root


def test_the_manifest_adds_up_to_the_prompt(
    copilot: Copilot, repository: Path, git: Git, tmp_path: Path
) -> None:
    out, listed = tmp_path / "out.txt", tmp_path / "m.json"
    options = ("-R", repository, "--budget", "20M", "-o", out, "--manifest", listed)
    done = copilot("pack", "Mend it", *options)
    assert (done.returncode, done.stdout) == (0, "")
    text, manifest = out.read_bytes().decode(), json.loads(listed.read_text())
    counted = len(reference_encoding().encode_ordinary(text))
    assert manifest["total_tokens"] == counted
    assert manifest["prompt_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    sections = {section["kind"]: section["tokens"] for section in manifest["sections"]}
    assert sum(sections.values()) == counted
    assert sum(file["tokens"] for file in manifest["files"]) == sections["base"]
    names = Counter(file["path"] for file in manifest["files"])
    tracked = git(repository, "ls-files", "-z").split("\0")[:-1]
    assert names == Counter([*tracked, "new.txt", "debug.log"])
    assert all(file["reason"] for file in manifest["files"])
    assert f"{counted:,} tokens" in done.stderr
    assert "hunter2" not in text


def test_the_same_bytes_from_every_process(
    copilot: Copilot, repository: Path, tmp_path: Path
) -> None:
    environments = [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "COLUMNS": "20"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ]
    made = []
    for number, environment in enumerate(environments):
        out, listed = tmp_path / f"{number}.txt", tmp_path / f"{number}.json"
        options = ("-R", repository, "-o", out, "--manifest", listed)
        assert copilot("pack", "Mend it", *options, environment=environment).returncode == 0
        made.append((out.read_bytes(), listed.read_bytes()))
    assert made[0] == made[1] == made[2]


def test_stdout_is_the_prompt_and_nothing_else(
    copilot: Copilot, repository: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.txt"
    copilot("pack", "-R", repository, "-o", out)
    assert copilot("pack", cwd=repository / "src").stdout.encode() == out.read_bytes()


def test_json_is_the_manifest(copilot: Copilot, repository: Path, tmp_path: Path) -> None:
    listed = tmp_path / "m.json"
    done = copilot("pack", "--json", "--manifest", listed, cwd=repository)
    assert json.loads(done.stdout) == json.loads(listed.read_text())


def test_several_roots_with_their_names(
    copilot: Copilot, make_repository: MakeRepository, tmp_path: Path
) -> None:
    one, other = make_repository({"a": "1\n"}, "one"), make_repository({"a": "2\n"}, "other")
    done = copilot("pack", "-R", f"api={one}", "-R", other)
    assert '<file path="api/a">\n1\n' in done.stdout
    assert '<file path="other/a">\n2\n' in done.stdout


def test_what_the_user_leaves_out(copilot: Copilot, repository: Path) -> None:
    done = copilot("pack", "--include", "src/", "--exclude", "*.txt", cwd=repository)
    assert "src/app.py" in done.stdout
    assert "README" not in done.stdout
    assert "marks.txt" not in done.stdout


def test_a_budget_that_cannot_hold_all_holds_what_the_task_needs(
    copilot: Copilot, make_repository: Callable[..., Path], tmp_path: Path
) -> None:
    texts = {f"src/{name}.py": f"def {name}():\n    return 1\n" * 90 for name in ("gate", "wall")}
    root = make_repository(texts, "app")
    listed = tmp_path / "listed.json"
    done = copilot("pack", "Mend src/wall.py", "--budget", "1900", "-R", root, "--manifest", listed)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(listed.read_text())
    assert manifest["total_tokens"] <= manifest["budget"] == 1900
    details = {file["path"]: file["detail"] for file in manifest["files"]}
    assert details["src/wall.py"] == "full"
    assert details["src/gate.py"] != "full"


def test_over_the_budget(fails: Fails, repository: Path, tmp_path: Path) -> None:
    said = fails(4, "pack", "--budget", "100", "-o", tmp_path / "out.txt", cwd=repository)
    for named in ("the budget is 100", "tree/src/", "tree/README.md", "--exclude"):
        assert named in said
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--root", "missing"], "no folder at"),
        (["--root", "tree/README.md"], "not a folder"),
        (["--root", "tree", "--budget", "lots"], "not a number of tokens"),
        (["--root", "tree", "--tokenizer", "abacus"], "unknown tokenizer"),
        (["--root", "tree", "-o", "missing/out.txt"], "cannot write missing/out.txt"),
        (["--root", "tree", "-o", "/dev/full"], "No space left on device"),
    ],
)
def test_wrong_usage(fails: Fails, repository: Path, arguments: list[str], named: str) -> None:
    assert named in fails(2, "pack", *arguments, cwd=repository.parent)


def test_an_empty_repository(fails: Fails, make_repository: MakeRepository) -> None:
    assert "nothing to read" in fails(2, "pack", cwd=make_repository({}))


def test_an_empty_folder(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "nothing to read" in fails(2, "pack", "-R", "empty", cwd=tmp_path)


@pytest.mark.skipif(
    os.geteuid() == 0 and not shutil.which("setpriv"), reason="nothing is unreadable to root"
)
def test_a_file_that_may_not_be_read(copilot: Copilot, repository: Path) -> None:
    (repository / "src" / "app.py").chmod(0)
    done = copilot("pack", cwd=repository, as_mere_user=True)
    assert done.returncode == 7
    assert "tree/src/app.py" in done.stderr
    assert "hint: " in done.stderr


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".copilot.toml", '[models.evil]\nbase_url = "http://127.0.0.1:1/v1"\n'),
        ("pyproject.toml", '[tool.copilot]\nmodel = "evil"\n'),
    ],
)
def test_a_repository_may_not_choose_the_model(
    fails: Fails, make_repository: MakeRepository, file: str, text: str
) -> None:
    said = fails(6, "pack", cwd=make_repository({file: text}))
    assert file in said
    assert "a repository may not" in said


def test_what_it_writes_is_no_part_of_what_it_reads(
    copilot: Copilot, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.txt": "x\n"}, "app")
    names = ["-o", "odd [name] #1.txt", "--manifest", "m.json"]
    first = copilot("pack", *names, cwd=root)
    packed = (root / "odd [name] #1.txt").read_bytes()
    again = copilot("pack", *names, cwd=root)
    assert (root / "odd [name] #1.txt").read_bytes() == packed
    assert first.stderr.strip() == again.stderr.partition(" (")[0].strip()


def test_a_full_disk_leaves_the_old_file(
    copilot: Copilot,
    make_repository: Callable[..., Path],
    disturbed: Callable[[str], dict[str, str]],
) -> None:
    root = make_repository({"a.txt": "x\n"}, "app")
    (root.parent / "prompt.txt").write_text("old\n")
    hook = (
        "def hook(event, args):\n"
        "    if event == 'os.rename':\n"
        "        raise OSError(28, 'No space left on device')"
    )
    done = copilot("pack", "-o", root.parent / "prompt.txt", cwd=root, environment=disturbed(hook))
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert (root.parent / "prompt.txt").read_text() == "old\n"
    assert sorted(p.name for p in root.parent.iterdir() if p.name.startswith(".prompt")) == []
