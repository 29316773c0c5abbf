from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.workspace.contents import MISSING, Contents, FileReader, blob_id, decode, read_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "src").mkdir(parents=True)
    (tmp_path / "root" / "src" / "a.txt").write_bytes(b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_bytes(b"outside")
    return tmp_path / "root"


def test_reads_bytes_as_they_are(root: Path) -> None:
    (root / "large").write_bytes(bytes(range(256)) * 1000)
    assert read_file(root, "src/a.txt") == Contents(b"inside")
    assert read_file(root, "large") == Contents(bytes(range(256)) * 1000)


def test_a_link_is_not_followed(root: Path) -> None:
    (root / "link").symlink_to(root / "src" / "a.txt")
    assert read_file(root, "link") == Contents(None, "symbolic link, not followed")


@pytest.mark.parametrize("path", ["linked/a.txt", "linked/deeper/a.txt"])
def test_a_linked_folder_is_not_followed(root: Path, path: str) -> None:
    (root.parent / "outside" / "deeper").mkdir()
    (root.parent / "outside" / "deeper" / "a.txt").write_bytes(b"outside")
    (root / "linked").symlink_to(root.parent / "outside")
    assert read_file(root, path) == Contents(None, "a parent folder is a symbolic link")


def test_a_folder_that_becomes_a_link_leads_nowhere(root: Path) -> None:
    with FileReader(root) as reader:
        assert reader.read("src/a.txt") == Contents(b"inside")
        (root / "src").rename(root / "old")
        (root / "src").symlink_to(root.parent / "outside")
        assert reader.read("src/a.txt") == Contents(b"inside")
    assert read_file(root, "src/a.txt").problem == "a parent folder is a symbolic link"


@pytest.mark.parametrize("depth", [3, 99, 100, 101, 230])
def test_files_of_any_depth_are_read_and_nothing_stays_open(root: Path, depth: int) -> None:
    before = sorted(os.listdir("/dev/fd"))  # noqa: PTH208  (iterdir keeps one open)
    paths = [f"{'d/' * at}f" for at in (0, 1, depth - 1, depth)]
    (root / ("d/" * depth)).mkdir(parents=True)
    for path in paths:
        (root / path).write_text(path)
    with FileReader(root) as reader:
        for path in [*paths, *reversed(paths), paths[1], paths[3], "src/a.txt", paths[2]]:
            expected = b"inside" if path == "src/a.txt" else path.encode()
            assert reader.read(path) == Contents(expected)
    assert sorted(os.listdir("/dev/fd")) == before  # noqa: PTH208


def test_a_loop_of_links_ends(root: Path) -> None:
    (root / "loop").symlink_to("loop")
    assert read_file(root, "loop").problem == "symbolic link, not followed"
    assert read_file(root, "loop/a.txt").problem == "a parent folder is a symbolic link"


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert read_file(root, "pipe") == Contents(None, "not a regular file")


def test_a_folder_is_no_file(root: Path) -> None:
    assert read_file(root, "src") == Contents(None, "not a regular file")


@pytest.mark.parametrize("path", ["gone.txt", "gone/a.txt", "src/a.txt/below"])
def test_what_is_not_there_is_missing(root: Path, path: str) -> None:
    assert read_file(root, path) == Contents(None, MISSING)


@pytest.mark.parametrize("path", ["n" * 300, "n" * 300 + "/a.txt"])
def test_a_name_too_long_for_the_disk_is_a_problem_of_that_file(root: Path, path: str) -> None:
    assert read_file(root, path).problem == "cannot be read: File name too long"


def test_a_path_deeper_than_python_recurses_is_looked_for(root: Path) -> None:
    assert read_file(root, "d/" * 1500 + "f") == Contents(None, MISSING)


def test_the_limit_is_the_last_size_that_is_read(root: Path) -> None:
    (root / "big").write_bytes(b"12345678")
    assert read_file(root, "big", max_bytes=8).data == b"12345678"
    assert read_file(root, "big", max_bytes=7).problem == "larger than 0 MiB"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(root: Path) -> None:
    (root / "src" / "a.txt").chmod(0)
    assert read_file(root, "src/a.txt").problem == "cannot be read: Permission denied"


@pytest.mark.parametrize(
    "data", [b"", b"text\n", bytes(range(256)) * 40], ids=["empty", "text", "binary"]
)
@pytest.mark.parametrize(("form", "digits"), [("sha1", 40), ("sha256", 64)])
def test_blob_id_is_what_git_computes(tmp_path: Path, data: bytes, form: str, digits: int) -> None:
    subprocess.run(["git", "init", "--quiet", f"--object-format={form}", tmp_path], check=True)
    command = ["git", "-C", str(tmp_path), "hash-object", "--no-filters", "--stdin"]
    printed = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    assert blob_id(data, digits) == printed.decode().strip()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a\nb", "a\nb"),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\rb", "a\rb"),
        (b"\xef\xbb\xbfa\n", "a\n"),
        ("äé𝄞\n".encode(), "äé𝄞\n"),
        (b"\x1b[31mred", "\x1b[31mred"),
        (b"a\0b", None),
        (b"\xff\xfea\0b\0", None),
        ("utf-16".encode("utf-16-be"), None),
        (b"latin \xe9", None),
        (b"cut \xc3", None),
        (b"\xed\xa0\x80", None),
        (b"\xc0\xaf", None),
    ],
)
def test_text_is_utf8_without_nul(data: bytes, text: str | None) -> None:
    assert decode(data) == text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(blacklist_characters="\0\r\ufeff", codec="utf-8")))
def test_any_text_comes_back(text: str) -> None:
    data = text.encode()
    assert decode(data) == decode(b"\xef\xbb\xbf" + data) == text
    assert decode(data.replace(b"\n", b"\r\n")) == text
