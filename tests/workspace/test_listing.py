from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from copilot.workspace.listing import list_root
from copilot.workspace.model import Root, SourceFile

_TREE = [
    "a", "b", "x.py", ".h", "a b", "ab/a", "ab/x.py", "ab/b/a", "ab/b/.h", "ab/b/a b",
    "out/a", "out/keep/x.py", "out/keep/deep/b", "A/b/x.py", "A/B/a", "[a]/a*", "é/b",
]  # fmt: skip


def _walked(folder: Path) -> list[str]:
    """List a folder as if git did not know it; sorted, without what is left out."""
    listing = list_root(Root("x", folder, is_git=False))
    return sorted(file.path for file in listing.files if file.left_out is None)


def _git_lists(folder: Path) -> list[str]:
    """List a folder with git itself, which is made to know it."""
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    command = ["git", "-C", str(folder), "ls-files", "-z", "-co", "--exclude-standard"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    return sorted(os.fsdecode(name) for name in printed.split(b"\0") if name)


def _plant(folder: Path, rules: Mapping[str, str | bytes]) -> None:
    """Make the tree; `rules` are `.gitignore` texts by folder."""
    for path in _TREE:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x")
    for place, text in rules.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / place / ".gitignore").write_bytes(data)


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {".": "*.py\n"},
        {".": "a\n", "ab": "!a\n"},
        {".": "*.py\n", "ab": "!x.py\n"},
        {".": "out/\n!out/keep/\n!out/keep/x.py\n"},
        {".": "out/*\n!out/keep/\n"},
        {".": "out/\n", "out": "!*\n", "out/keep": "!x.py\n"},
        {".": "*\n!ab/\n"},
        {".": "*\n!*/\n!*.py\n"},
        {".": "/*\n!/ab\n"},
        {".": "*.py\n", "ab": "!b/\n"},
        {".": "/b\n/ab/b/\n"},
        {".": "**/b\n"},
        {".": "ab/**\n!ab/x.py\n"},
        {".": "ab/**/a\n"},
        {".": "**/deep/**\n"},
        {".": "b/\n"},
        {".": "# words\n\n   \n\\#\na b\n"},
        {".": "a\\ b\nx.py   \n"},
        {".": "[ab]\n![b]\n[A-B]/B\n"},
        {".": "[[:alpha:]]\n"},
        {".": "\\[a\\]\n"},
        {".": "[a\na\\\n!\n/\n[z-a]\n"},
        {".": "?\n"},
        {".": "a\r\nb\r\n"},
        {".": b"\xef\xbb\xbfa\n"},
        {".": b"\xe9\nb"},
        {".": "a\x0cb\nx\u2028y\n"},
        {"ab": "/a\nb/a\n", "A": "B\n"},
        {".": ".gitignore\n"},
    ],
    ids=str,
)
def test_a_plain_folder_is_listed_as_git_would(
    tmp_path: Path,
    rules: dict[str, str | bytes],
) -> None:
    _plant(tmp_path, rules)
    assert _walked(tmp_path) == _git_lists(tmp_path)


def test_a_repository_in_a_plain_folder_is_named_and_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    subprocess.run(["git", "init", "--quiet", tmp_path / "clone"], check=True)
    (tmp_path / "clone" / "b").write_text("x")
    listing = list_root(Root("x", tmp_path, is_git=False))
    assert {file.path: file.left_out for file in listing.files} == {
        "a": None,
        "clone/": "nested repository",
    }


def test_what_is_ignored_is_named_once_and_not_entered(tmp_path: Path) -> None:
    _plant(tmp_path, {".": "out/\na\n"})
    listing = list_root(Root("x", tmp_path, is_git=False))
    ignored = {file.path for file in listing.files if file.origin == "ignored"}
    assert ignored == {"out/", "a", "ab/a", "ab/b/a", "A/B/"}
    assert not [file.path for file in listing.files if file.path.startswith("out/keep")]


def test_a_linked_gitignore_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("*\n")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a").write_text("x")
    (tmp_path / "root" / ".gitignore").symlink_to("../rules")
    assert "a" in _walked(tmp_path / "root")


def test_links_in_a_plain_folder_are_not_followed(
    tmp_path: Path, files: Callable[[Path], dict[str, SourceFile]]
) -> None:
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert {path: file.reason for path, file in files(tmp_path).items()} == dict.fromkeys(
        ["link", "loop"], "symbolic link, not followed"
    )


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file below 1200 others; removed here, as shutil cannot."""
    top = tmp_path / "deep"
    top.mkdir()
    folder = os.open(top, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    yield top
    subprocess.run(["rm", "-rf", str(top)], check=True)


def test_a_folder_deeper_than_python_recurses_is_walked(deep_folder: Path) -> None:
    assert _walked(deep_folder) == ["d/" * 1200 + "f"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    listing = list_root(Root("x", tmp_path, is_git=False))
    assert [(f.path, f.left_out) for f in listing.files] == [
        ("shut/", "cannot be opened: Permission denied")
    ]
