"""Texts that git would take for binary: two bytes a character, or very many of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.workspace.changes_of import Changes, DiffFile, What, read_diff
from copilot.workspace.contents import MAX_FILE_BYTES
from copilot.workspace.model import Root

MakeRepository = Callable[..., Path]
Git = Callable[..., str]
ENDS = [What.STAGED, What.WORK_TREE]
_LINE = "insert into t values (1);\n"
LARGE = _LINE * (MAX_FILE_BYTES // len(_LINE) + 1)


def _files(root: Path, what: What = What.STAGED) -> dict[str, DiffFile]:
    diff = read_diff(Root("r", root, is_git=True), Changes(what))
    return {file.path: file for file in diff.files}


def _lines(file: DiffFile) -> list[str]:
    return [f"{line.sign}{line.text}" for hunk in file.hunks for line in hunk.lines]


@pytest.mark.parametrize("what", ENDS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_lines_of_two_and_four_bytes_a_character(
    make_repository: MakeRepository, git: Git, encoding: str, what: What
) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    before = f"{mark}one\r\ntw\u00f6\r\n".encode(encoding)
    root = make_repository({"a.txt": before, "gone.txt": before, "was.txt": "plain\n"})
    (root / "a.txt").write_bytes(f"{mark}one\r\nthree\r\n".encode(encoding))
    (root / "gone.txt").unlink()
    (root / "was.txt").write_bytes(f"{mark}plain\nand more\n".encode(encoding))
    (root / "new.txt").write_bytes(f"{mark}new".encode(encoding))
    git(root, "add", "--intent-to-add" if what is What.WORK_TREE else "--all", ".")
    files = _files(root, what)
    assert not any(file.is_binary for file in files.values())
    assert _lines(files["a.txt"]) == [" one", "-tw\u00f6", "+three"]
    assert _lines(files["gone.txt"]) == ["-one", "-tw\u00f6"]
    assert _lines(files["was.txt"]) == [" plain", "+and more"]
    assert _lines(files["new.txt"]) == ["+new"]
    assert not files["new.txt"].hunks[0].lines[0].ended


def test_what_only_begins_like_such_a_text_is_binary(
    make_repository: MakeRepository, git: Git
) -> None:
    root = make_repository({"a.bin": b"\xff\xfe\x00\x00\x01\x00"})
    (root / "a.bin").write_bytes(b"\xff\xfe\x00\xd8odd")
    git(root, "add", "--all")
    assert _files(root)["a.bin"].is_binary


@pytest.mark.parametrize("what", ENDS)
def test_of_a_large_text_the_lines_that_changed(
    make_repository: MakeRepository, git: Git, what: What
) -> None:
    files = {"a.sql": LARGE, "hidden.sql": LARGE, ".gitattributes": "hidden.sql -diff\n"}
    root = make_repository(files)
    for name in ("a.sql", "hidden.sql"):
        (root / name).write_text(f"{LARGE}the last line\n")
    git(root, "add", *(("--all",) if what is What.STAGED else ("--intent-to-add", ".")))
    for file in _files(root, what).values():
        assert _lines(file)[-1] == "+the last line"
        assert not file.is_large
        assert not file.is_binary


@pytest.mark.parametrize("what", ENDS)
def test_more_than_can_be_looked_at_is_told_as_such(
    make_repository: MakeRepository, git: Git, what: What
) -> None:
    root = make_repository({"z.py": "z = 1\n", "gone.sql": LARGE})
    (root / "a.sql").write_text(LARGE.upper())
    (root / "gone.sql").unlink()
    (root / "z.py").write_text("z = 2\n")
    git(root, "add", *(("--all",) if what is What.STAGED else ("--intent-to-add", ".")))
    files = _files(root, what)
    assert [path for path, file in files.items() if file.is_large] == ["a.sql", "gone.sql"]
    assert (files["a.sql"].status, files["gone.sql"].status) == ("added", "deleted")
    assert not files["a.sql"].hunks
    assert files["a.sql"].blob is not None
    assert _lines(files["z.py"]) == ["-z = 1", "+z = 2"]


def test_a_text_beyond_what_git_compares_is_no_binary_file(
    make_repository: MakeRepository, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("copilot.workspace.compared._MOST_COMPARED_BYTES", MAX_FILE_BYTES)
    monkeypatch.setattr(
        "copilot.workspace.compared._SETTINGS", ("-c", f"core.bigFileThreshold={MAX_FILE_BYTES}")
    )
    root = make_repository({"a.py": "a = 1\n"})
    (root / "dump.sql").write_text(LARGE)
    (root / "dump.bin").write_bytes(b"\0" + LARGE.encode())
    git(root, "add", "--all")
    files = _files(root)
    assert (files["dump.sql"].is_large, files["dump.bin"].is_large) == (True, False)
    assert files["dump.bin"].is_binary
