from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec import structs

from copilot.workspace.again import read_again
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.masker import Masker
from copilot.workspace.model import Root, SourceFile
from copilot.workspace.remote import read_kept_parts
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.remote_name import RemoteName
from copilot.workspace.roots import find_roots
from copilot.workspace.snapshot import gathered, read_parts

SECRET = "hunter2Kq9vXw4LmZ7tRb1"
_TEXTS: dict[str, str | bytes] = {
    "a.py": "a = 1\n",
    "bom.txt": b"\xef\xbb\xbfwith a mark\n",
    "deep/er/b.py": "b = 2",
    "dos.txt": "one\r\ntwo\r\n",
    "empty.txt": "",
    "latin.txt": "caf\xe9 cr\xe8me br\xfbl\xe9e\n".encode("latin-1"),
    "settings.py": f'PASSWORD = "{SECRET}"\n',
    "wide.txt": "wide text\n".encode("utf-16"),
}


@pytest.fixture
def masker(tmp_path: Path) -> Masker:
    return Masker(tmp_path / "masks.key")


@pytest.fixture
def roots(make_repository: Callable[..., Path], tmp_path: Path) -> tuple[Root, ...]:
    """Make two repositories, one of them with texts of all encodings."""
    places = [make_repository(_TEXTS, "one"), make_repository({"z.py": "z = 1\n"}, "two")]
    return find_roots([str(place) for place in places], tmp_path)


@pytest.fixture
def files(roots: Sequence[Root], masker: Masker) -> list[SourceFile]:
    """Read both."""
    found = gathered(read_parts(roots, Chooser(Selection(), masker=masker))).files
    assert all(file.is_text for file in found)
    return list(found)


def _without_text(files: Sequence[SourceFile]) -> list[SourceFile]:
    return [structs.replace(file, data=None, unread=True) for file in files]


def test_the_texts_are_those_of_the_first_reading(
    roots: Sequence[Root], files: list[SourceFile], masker: Masker
) -> None:
    again = list(read_again(_without_text(files), roots, (), masker))
    assert again == files
    assert SECRET.encode() not in b"".join(file.data or b"" for file in again if file)


@pytest.mark.parametrize("name", sorted(_TEXTS))
def test_what_is_not_as_it_was_is_none(
    roots: Sequence[Root], files: list[SourceFile], masker: Masker, name: str
) -> None:
    with (roots[0].path / name).open("ab") as stream:
        stream.write(b"\n\n")
    again = dict(zip(files, read_again(_without_text(files), roots, (), masker), strict=True))
    assert [file.path for file, found in again.items() if found is None] == [name]


def test_what_is_gone_or_a_link_is_none(
    roots: Sequence[Root], files: list[SourceFile], masker: Masker
) -> None:
    (roots[0].path / "a.py").rename(roots[0].path / "moved")
    (roots[0].path / "a.py").symlink_to("moved")
    (roots[1].path / "z.py").unlink()
    again = dict(zip(files, read_again(_without_text(files), roots, (), masker), strict=True))
    assert [file.name for file, found in again.items() if found is None] == ["one/a.py", "two/z.py"]


def test_masks_under_another_key_are_not_those_of_the_first_reading(
    roots: Sequence[Root], files: list[SourceFile], tmp_path: Path
) -> None:
    other = Masker(tmp_path / "other.key")
    again = dict(zip(files, read_again(_without_text(files), roots, (), other), strict=True))
    assert [file.path for file, found in again.items() if found is None] == ["settings.py"]


def test_without_a_masker_no_secret_comes_in_the_place_of_its_mask(
    roots: Sequence[Root], files: list[SourceFile]
) -> None:
    again = list(read_again(_without_text(files), roots, (), None))
    assert SECRET.encode() not in b"".join(file.data or b"" for file in again if file)


def test_a_kept_commit_is_read_from_its_objects(
    make_repository: Callable[..., Path], git: Callable[..., str], masker: Masker
) -> None:
    root = make_repository(_TEXTS, "far")
    revision = git(root, "rev-parse", "HEAD").strip()
    name = RemoteName("far", "https://example.org/far.git")
    kept = KeptRepository(name, revision, root / ".git", 0.0)
    choose = Chooser(Selection(), masker=masker)
    files = gathered(read_kept_parts([kept], choose, lambda _done, _known: None)).files
    (root / "a.py").write_text("changed on disk\n")
    again = list(read_again(_without_text(files), (), (kept,), masker))
    assert again == list(files)
    gone = structs.replace(_without_text(files)[0], blob="1" * 40)
    assert list(read_again([gone], (), (kept,), masker)) == [None]
