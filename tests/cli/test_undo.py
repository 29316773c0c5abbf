"""`copilot undo`, `redo` and `log` as commands: what they say, by repository and file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Copilot = Callable[..., subprocess.CompletedProcess[str]]
Fails = Callable[..., str]
Tree = Callable[[Path], dict[str, bytes | None]]
Words = Callable[..., str]

TEN = "".join(f"{number}\n" for number in range(10))


@pytest.fixture
def above(make_repository: Callable[..., Path]) -> Path:
    """A folder with two repositories, api and web."""
    files = {"a.txt": TEN, "gone.txt": "gone\n", "old.txt": "moved\n"}
    for name in ("api", "web"):
        made = make_repository(files, name)
    return made.parent


@pytest.fixture
def apply(copilot: Copilot, above: Path, block: Words, reply: Words) -> Callable[[str], None]:
    """Change, make, delete and move a file in the repository of that name."""

    def run(name: str) -> None:
        blocks = [
            block(f"{name}/a.txt", "2\n", "two\n"),
            f"{name}/new.txt\n<<<<<<< CREATE\nnew\n>>>>>>> END\n\n",
            f"{name}/gone.txt\n<<<<<<< DELETE\n>>>>>>> END\n\n",
            f"{name}/old.txt\n<<<<<<< RENAME\n{name}/moved.txt\n>>>>>>> END\n\n",
        ]
        done = copilot("apply", "--yes", cwd=above / name, stdin=reply(*blocks, files=4))
        assert done.returncode == 0, done.stderr

    return run


def test_above_several_repositories_the_newest_of_any_is_taken_back(
    copilot: Copilot, above: Path, apply: Callable[[str], None], tree: Tree
) -> None:
    before = tree(above)
    for name in ("api", "web"):
        apply(name)
    (above / "web/a.txt").write_text(TEN.replace("2\n", "two\n").replace("7\n", "seven\n"))
    done = copilot("undo", cwd=above)
    assert (done.returncode, done.stdout) == (0, "")
    *files, last = done.stderr.splitlines()
    assert sorted(files) == [
        "  web/a.txt: as it was before, with the later changes",
        "  web/gone.txt: as it was before",
        "  web/new.txt: removed",
        "  web/old.txt: as it was before, moved back from moved.txt",
    ]
    assert last.startswith(f"undone in {(above / 'web').resolve()}")
    assert (above / "web/a.txt").read_text() == TEN.replace("7\n", "seven\n")
    assert copilot("undo", cwd=above).returncode == 0
    assert tree(above) == before | {"web/a.txt": TEN.replace("7\n", "seven\n").encode()}


def test_json_tells_what_became_of_each_file(
    copilot: Copilot, above: Path, apply: Callable[[str], None]
) -> None:
    apply("api")
    planned = json.loads(copilot("undo", "--dry-run", "--json", cwd=above / "api").stdout)
    document = json.loads(copilot("undo", "--json", cwd=above / "api").stdout)
    assert (document["kind"], document["status"]) == ("undo", "committed")
    assert (document["dry_run"], planned["dry_run"]) == (False, True)
    assert (planned["id"], planned["kind"]) == (None, "undo")
    assert document["files"] == planned["files"]
    undone, applied = json.loads(copilot("log", "--json", cwd=above / "api").stdout)
    assert document == undone | {"dry_run": False, "files": document["files"]}
    assert planned["reverses"] == document["reverses"] == applied["id"]
    assert (applied["reversed_by"], undone["reversed_by"]) == (document["id"], None)
    root = str((above / "api").resolve())
    files = {file.pop("path"): file for file in document["files"]}
    was = {file["path"]: file for file in applied["files"]}
    assert sorted(files) == ["a.txt", "gone.txt", "new.txt", "old.txt"]
    assert sorted(was) == ["a.txt", "gone.txt", "moved.txt", "new.txt"]
    assert files["new.txt"] == {
        "repository": "api", "root": root, "outcome": "removed", "moved_from": None,
        "before": was["new.txt"]["after"], "after": None,
    }  # fmt: skip
    assert (files["old.txt"]["moved_from"], was["moved.txt"]["moved_from"]) == (
        "moved.txt",
        "old.txt",
    )
    assert files["old.txt"]["before"] == was["moved.txt"]["after"]
    assert files["old.txt"]["after"] == was["moved.txt"]["before"]
    assert {file["outcome"] for file in files.values()} == {"restored", "removed"}


def test_json_of_what_is_refused(
    copilot: Copilot, above: Path, apply: Callable[[str], None]
) -> None:
    nothing = copilot("redo", "--json", cwd=above / "api")
    assert nothing.returncode == 2
    document = json.loads(nothing.stdout)
    assert document["outcome"] == "refused"
    assert document["reason"].startswith("nothing to redo in ")
    assert f"copilot: {document['reason']}\n" in nothing.stderr
    apply("api")
    (above / "api/new.txt").write_text("mine\n")
    for options in (["--json"], ["--json", "--dry-run"]):
        refused = copilot("undo", *options, cwd=above / "api")
        assert refused.returncode == 5
        assert "api/new.txt: edited since" in json.loads(refused.stdout)["reason"]


def test_redo_makes_again_what_was_taken_back_by_hand(
    copilot: Copilot, above: Path, apply: Callable[[str], None], tree: Tree
) -> None:
    root = above / "api"
    before = tree(root)
    apply("api")
    after = tree(root)
    for name in set(after) - set(before):
        (root / name).unlink()
    for name, data in before.items():
        (root / name).write_bytes(data or b"")
    undone = copilot("undo", cwd=root).stderr
    assert undone.count("was so already\n") == 4
    redone = copilot("redo", cwd=root).stderr.splitlines()
    assert tree(root) == after
    assert sorted(redone[:-1]) == [
        "  api/a.txt: made again",
        "  api/gone.txt: removed again",
        "  api/moved.txt: made again, moved again from old.txt",
        "  api/new.txt: made again",
    ]
    assert redone[-1].startswith("made again in ")


def test_log_counts_files_and_tells_what_reverses_what(
    copilot: Copilot, above: Path, apply: Callable[[str], None]
) -> None:
    root = above / "api"
    apply("api")
    applied = json.loads(copilot("log", "--json", cwd=root).stdout)[0]["id"]
    assert copilot("undo", cwd=root).returncode == 0
    undone, first = copilot("log", cwd=root).stdout.splitlines()
    assert all("  4 files  " in line for line in (undone, first))
    id_ = undone.split()[0]
    assert undone.endswith(f"(reverses {applied})")
    assert first.endswith(f"(undone by {id_})")
    assert copilot("redo", cwd=root).returncode == 0
    redone, undone, first = copilot("log", cwd=root).stdout.splitlines()
    assert redone.endswith(f"(reverses {id_})")
    assert undone.endswith(f"(reverses {applied}; redone by {redone.split()[0]})")
    assert first.endswith(f"(redone by {redone.split()[0]})")
    assert copilot("undo", applied, cwd=root).returncode == 0
    assert "two" not in (root / "a.txt").read_text()


def test_dry_run_shows_the_diff_and_writes_nothing(
    copilot: Copilot, above: Path, apply: Callable[[str], None], tree: Tree
) -> None:
    apply("api")
    after = tree(above)
    done = copilot("undo", "--dry-run", cwd=above / "api")
    assert done.returncode == 0
    assert "-two\n+2\n" in done.stdout
    assert "deleted file" in done.stdout
    assert "nothing was written" in done.stderr
    document = json.loads(copilot("undo", "--dry-run", "--json", cwd=above / "api").stdout)
    assert document["diff"] == done.stdout
    assert tree(above) == after
    assert len(copilot("log", cwd=above / "api").stdout.splitlines()) == 1


def test_an_older_one_by_its_id(
    copilot: Copilot, fails: Fails, above: Path, block: Words, reply: Words
) -> None:
    root = above / "api"
    for old, new in (("2", "two"), ("7", "seven")):
        text = reply(block("api/a.txt", f"{old}\n", f"{new}\n"), files=1)
        assert copilot("apply", "--yes", cwd=root, stdin=text).returncode == 0
    older = json.loads(copilot("log", "--json", cwd=root).stdout)[-1]["id"]
    assert copilot("undo", older, cwd=root).returncode == 0
    assert (root / "a.txt").read_text() == TEN.replace("7\n", "seven\n")
    assert "taken back already" in fails(2, "undo", older, cwd=root)
    assert "nothing to undo" in fails(2, "undo", "20200101T000000.000000Z-00000000", cwd=root)
    assert copilot("redo", cwd=root).returncode == 0
    assert (root / "a.txt").read_text() == TEN.replace("2\n", "two\n").replace("7\n", "seven\n")


def test_collisions_are_named_by_file_and_line(
    copilot: Copilot, fails: Fails, above: Path, apply: Callable[[str], None], tree: Tree
) -> None:
    apply("api")
    (above / "api/a.txt").write_text(TEN.replace("2\n", "zwei\n"))
    assert "api/a.txt: line 3 changed since" in fails(5, "undo", cwd=above / "api")
    (above / "api/new.txt").write_text("mine\n")
    before = tree(above)
    said = fails(5, "undo", cwd=above / "api")
    assert "\n  api/a.txt: line 3 changed since" in said
    assert "\n  api/new.txt: edited since" in said
    assert tree(above) == before
