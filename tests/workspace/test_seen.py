from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.masker import Masker
from copilot.workspace.model import SourceFile
from copilot.workspace.roots import find_roots
from copilot.workspace.seen import Seen, SeenFile, SeenStore, is_settled
from copilot.workspace.snapshot import gathered, read_parts
from copilot.workspace.special import signature_of

Read = Callable[..., dict[str, SourceFile]]
_SECOND = 1_000_000_000
SECRET = "hunter2Kq9vXw4LmZ7tRb1"


def _later() -> int:
    return time.time_ns() + 10 * _SECOND


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository(
        {
            "a.py": "a = 1\n",
            "src/b.py": "b = 2\n",
            "dos.txt": "one\r\ntwo\r\n",
            "logo.png": b"\x89PNG\0",
            "settings.py": f'PASSWORD = "{SECRET}"\n',
            "uv.lock": "lock\n",
        }
    )


@pytest.fixture
def read(root: Path, tmp_path: Path) -> Read:
    """Read the root, files that are as they were seen without their texts."""

    def run(
        stamp: str = "", clock: Callable[[], int] = _later, *, skip: bool = True
    ) -> dict[str, SourceFile]:
        choose = Chooser(Selection(), masker=Masker(tmp_path / "masks.key"))
        seen = SeenStore(tmp_path / "seen", stamp, clock)
        parts = read_parts(find_roots([str(root)], tmp_path), choose, seen=seen, skip=skip)
        return {file.path: file for file in gathered(parts).files}

    return run


def _unread(files: dict[str, SourceFile]) -> list[str]:
    return [path for path, file in files.items() if file.unread]


_TEXTS = ["a.py", "dos.txt", "settings.py", "src/b.py"]


def test_what_is_as_it_was_is_not_read_and_is_judged_the_same(read: Read) -> None:
    first, second = read(), read()
    assert _unread(first) == []
    assert _unread(second) == _TEXTS
    for path, file in first.items():
        again = second[path]
        assert again.data is None
        assert again.is_text is file.is_text
        about = ("path", "blob", "reason", "kind", "encoding", "content", "denied")
        assert [getattr(again, name) for name in about] == [getattr(file, name) for name in about]
        assert [(m.line, m.kind, m.placeholder) for m in again.masks] == [
            (m.line, m.kind, m.placeholder) for m in file.masks
        ]
        assert all(mask.value == "" for mask in again.masks)


def test_everything_is_read_where_nothing_is_to_be_skipped(read: Read) -> None:
    read()
    assert _unread(read(skip=False)) == []


@pytest.mark.parametrize("text", ["a = 2\n", "a = 22\n", ""])
def test_a_change_is_noticed_whatever_its_time_says(root: Path, read: Read, text: str) -> None:
    file = root / "a.py"
    before = file.stat()
    read()
    file.write_text(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    changed = read()["a.py"]
    assert (changed.unread, changed.text) == (False, text)


def test_another_file_of_the_same_name_size_and_time_is_noticed(root: Path, read: Read) -> None:
    read()
    facts = (root / "a.py").stat()
    (root / "other").write_text("a = 9\n")
    os.utime(root / "other", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    (root / "other").replace(root / "a.py")
    assert read()["a.py"].text == "a = 9\n"


def test_a_file_that_changed_a_moment_ago_is_read_again(read: Read) -> None:
    read(clock=time.time_ns)
    assert _unread(read(clock=time.time_ns)) == []


def test_a_file_of_the_future_is_always_read(root: Path, read: Read) -> None:
    ahead = time.time_ns() + 3600 * _SECOND
    os.utime(root / "a.py", ns=(ahead, ahead))
    read()
    assert "a.py" not in _unread(read())


@pytest.mark.parametrize(("age", "settled"), [(0, False), (2, False), (2.1, True), (-5, False)])
@pytest.mark.parametrize("which", [0, 1])
def test_times_are_settled_after_two_seconds(age: float, settled: bool, which: int) -> None:
    now = 1_000 * _SECOND
    times = [0, 0]
    times[which] = now - int(age * _SECOND)
    assert is_settled((times[0], times[1], 10, 1), now) is settled


def test_other_rules_do_not_share_what_was_seen(read: Read) -> None:
    read("one selection")
    assert _unread(read("another selection")) == []
    assert _unread(read("one selection")) == _TEXTS


def test_what_a_name_is_judged_by_is_looked_at_each_time(root: Path, read: Read) -> None:
    read()
    (root / ".gitattributes").write_text("a.py linguist-generated\nsrc/** linguist-vendored\n")
    files = read()
    assert not files["a.py"].is_text
    assert not files["src/b.py"].is_text
    (root / ".gitattributes").unlink()
    (root / ".copilotignore").write_text("a.py\n")
    files = read()
    assert files["a.py"].reason == "left out by .copilotignore"
    assert files["src/b.py"].is_text


def test_an_untracked_file_that_git_comes_to_track_says_so(
    root: Path, read: Read, git: Callable[..., str]
) -> None:
    (root / "new.py").write_text("new = 1\n")
    read()
    assert read()["new.py"].reason == "untracked"
    git(root, "add", "new.py")
    assert read()["new.py"].reason == "tracked"


def test_a_link_in_the_place_of_a_file_is_not_taken_for_it(root: Path, read: Read) -> None:
    read()
    (root / "a.py").rename(root / "real")
    (root / "a.py").symlink_to("real")
    assert read()["a.py"].reason == "symbolic link, not followed"


def test_no_secret_is_kept(tmp_path: Path, read: Read) -> None:
    read()
    assert read()["settings.py"].masks
    kept = [file for file in (tmp_path / "seen").rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if SECRET.encode() in file.read_bytes()]


def test_each_root_has_its_own(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/a.py").write_text("a = 1\n")
    store = SeenStore(tmp_path / "seen", "", _later)
    for place in (root, tmp_path / "other"):
        seen = store.of_root(find_roots([str(place)], tmp_path)[0])
        assert seen.find("a.py", signature_of((place / "a.py").stat()), "hint") is None
        seen.note("a.py", _seen(signature_of((place / "a.py").stat())))
        seen.save()
    assert len(list((tmp_path / "seen").glob("*.seen"))) == 2


def _seen(signature: tuple[int, int, int, int], hint: str = "hint") -> SeenFile:
    return SeenFile(signature, hint, "0" * 40, "tracked", is_text=True)


_SIGNATURE = (1, 2, 3, 4)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Keep two files as seen; one has a name that is no UTF-8."""
    seen = Seen(tmp_path / "one.seen")
    seen.note("a.py", _seen(_SIGNATURE))
    seen.note("b\udcff", _seen(_SIGNATURE))
    seen.save()
    return tmp_path / "one.seen"


def test_only_what_is_there_still_is_kept(kept: Path) -> None:
    seen = Seen(kept)
    assert seen.find("b\udcff", _SIGNATURE, "hint") == _seen(_SIGNATURE)
    seen.save()
    again = Seen(kept)
    assert again.find("a.py", _SIGNATURE, "hint") is None
    assert again.find("b\udcff", _SIGNATURE, "hint")


@pytest.mark.parametrize("place", range(4))
def test_any_other_signature_is_another_file(kept: Path, place: int) -> None:
    other = tuple(value + (index == place) for index, value in enumerate(_SIGNATURE))
    assert Seen(kept).find("a.py", (other[0], other[1], other[2], other[3]), "hint") is None
    assert Seen(kept).find("a.py", _SIGNATURE, "another hint") is None


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1), flip=st.integers(0, 255))
def test_a_damaged_file_was_never_kept(kept: Path, where: float, flip: int) -> None:
    sound = kept.read_bytes()
    place = min(int(where * len(sound)), len(sound) - 1)
    damaged = bytes([sound[place] ^ flip]) if flip else b""
    kept.write_bytes(sound[:place] + damaged + (sound[place + 1 :] if flip else b""))
    assert Seen(kept).find("a.py", _SIGNATURE, "hint") is None
    kept.write_bytes(sound)


@pytest.fixture
def _nothing_can_be_kept(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "seen").write_text("a file where a folder should be")
    yield
    assert (tmp_path / "seen").is_file()


@pytest.mark.usefixtures("_nothing_can_be_kept")
def test_where_nothing_can_be_kept_everything_is_read(read: Read) -> None:
    assert _unread(read()) == []
    assert _unread(read()) == []


def test_no_more_than_64_roots_are_kept(tmp_path: Path) -> None:
    for number in range(70):
        seen = SeenStore(tmp_path / "seen").of(str(number))
        seen.note("a.py", _seen(_SIGNATURE))
        seen.save()
        for file in (tmp_path / "seen").glob("*.seen"):
            os.utime(file, ns=(0, file.stat().st_mtime_ns - _SECOND))
    store = SeenStore(tmp_path / "seen")
    there = [n for n in range(70) if store.of(str(n)).find("a.py", _SIGNATURE, "hint")]
    assert there == list(range(6, 70))


def test_what_was_seen_while_the_masks_key_was_made_is_found_under_that_key(tmp_path: Path) -> None:
    masker = Masker(tmp_path / "key")
    store = SeenStore(tmp_path / "seen", masker=masker)
    before = masker.stamp
    seen = store.of("root")
    seen.note("a.py", _seen(_SIGNATURE))
    assert masker.masked("a.py", 'password = "Xk29_vq81Lm"')[1]
    seen.save()
    assert masker.stamp != before
    assert store.of("root").find("a.py", _SIGNATURE, "hint")
