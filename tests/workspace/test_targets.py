from __future__ import annotations

from pathlib import Path

from copilot.workspace.targets import TargetFile, read_target


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\r\n")
    assert read_target(tmp_path, "a.txt") == TargetFile(b"\xff\r\n")


def test_a_file_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert read_target(tmp_path, "new/a.txt") == TargetFile(None)


def test_links_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.txt").write_text("private")
    (tmp_path / "root" / "folder").symlink_to(tmp_path / "private")
    (tmp_path / "root" / "dangling").symlink_to("nowhere")
    root = tmp_path / "root"
    assert read_target(root, "folder/a.txt") == TargetFile(
        None, "a parent folder is a symbolic link"
    )
    assert read_target(root, "folder/new.txt").problem == "a parent folder is a symbolic link"
    assert read_target(root, "dangling").problem == "symbolic link, not followed"


def test_a_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    assert read_target(tmp_path, "src") == TargetFile(None, "not a regular file")
