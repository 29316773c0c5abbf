"""100,000 hostile replies, and the longest ones: no crash, nothing outside, nothing written."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hostile_replies import KINDS, taken
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

MakeRepository = Callable[..., Path]

_BLOCKS = 8
_REPLIES = 100_000
_SCRIPT = Path(__file__).with_name("replies.py")
# inotify(7).
_IN_ACCESS, _IN_MODIFY, _IN_OPEN, _IN_CREATE, _IN_DELETE = 0x1, 0x2, 0x20, 0x100, 0x200


@pytest.fixture
def roots(make_repository: MakeRepository, outside: Path) -> dict[str, Path]:
    """Two repositories, one with every kind of way out."""
    root = make_repository(
        {
            "src/app.py": 'import os\n\n\ndef main():\n    print("hello")\n    return 0\n',
            "README.md": "# Tool\n\nfirst\nsecond\nthird\n",
            "Makefile": "all:\n\tcc -o tool tool.c\n",
            "windows.txt": "first\r\nsecond\r\nthird",
            "latin.txt": "caf\u00e9 \u00e0 la carte, d\u00e9j\u00e0 vu\nfirst\n".encode("latin-1"),
            "folder/kept.txt": "kept\n",
        },
        "main",
    )
    links = {
        "link.txt": outside / "private.txt",
        "linked": outside,
        "up": Path(".."),
        "src/up": Path("../.."),
        "absolute": Path("/etc"),
        "dangling": outside / "missing.txt",
        "loop": Path("loop"),
        "inner.txt": Path("README.md"),
        "zero": Path("/dev/zero"),
    }
    for name, to in links.items():
        (root / name).symlink_to(to)
    os.mkfifo(root / "pipe")
    other = make_repository({"a.txt": "first\nsecond\nimport os\n"}, "lib")
    return {"main": root.resolve(), "lib": other.resolve()}


@pytest.fixture
def opened_outside(outside: Path) -> Iterator[Callable[[], bytes]]:
    """Let the kernel watch the folder outside; what it saw is empty where nobody was there."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        pytest.skip("only Linux tells who opened a file")
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    mask = _IN_ACCESS | _IN_MODIFY | _IN_OPEN | _IN_CREATE | _IN_DELETE
    assert libc.inotify_add_watch(descriptor, os.fsencode(outside), mask) > 0

    def seen() -> bytes:
        try:
            return os.read(descriptor, 4096)
        except BlockingIOError:
            return b""

    yield seen
    os.close(descriptor)


def _files(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return mode, size and time of everything in a folder; links are not followed."""
    names = [name for at, *inside in os.walk(root) for name in (at, *_below(at, *inside))]
    return {
        name: ((facts := os.lstat(name)).st_mode, facts.st_size, facts.st_mtime_ns)
        for name in names
    }


def _below(folder: str, *names: list[str]) -> Iterator[str]:
    return (f"{folder}/{name}" for some in names for name in some)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-B", str(_SCRIPT)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_SCRIPT.parents[2])},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_hostile_replies_crash_nothing_open_nothing_and_write_nothing(
    block: int, roots: dict[str, Path], outside: Path, opened_outside: Callable[[], bytes]
) -> None:
    before = {alias: _files(root) for alias, root in roots.items()}
    kept = _files(outside)
    count = _REPLIES // _BLOCKS
    named = {alias: str(root) for alias, root in roots.items()}
    # What has just been looked at is not of interest.
    opened_outside()
    answer = _answer({"roots": named, "first": block * count, "count": count})
    assert (answer["opened"], answer["misled"], answer["unfit"]) == ([], [], [])
    assert opened_outside() == b""
    assert {alias: _files(root) for alias, root in roots.items()} == before
    assert _files(outside) == kept
    said = answer["said"]
    assert sum(said.values()) == count
    # The replies are hostile, not hopeless: some ask for edits that are right.
    assert said["placed"] > count // 200


def test_the_kernel_sees_who_looks_outside(
    outside: Path, opened_outside: Callable[[], bytes]
) -> None:
    assert opened_outside() == b""
    (outside / "private.txt").read_text()
    assert opened_outside() != b""


@pytest.mark.parametrize("kind", KINDS)
def test_work_grows_with_a_reply_as_it_does_itself(kind: str) -> None:
    one, two, four = (_calls(KINDS[kind](size)) for size in (10_000, 20_000, 40_000))
    # With a square in it, the second step would be about twice the first.
    assert four - two < 1.3 * 2 * (two - one) + 1000


def _calls(reply: str) -> int:
    """Count the functions called, Python's and C's, while a reply is taken apart and placed."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        taken(reply)
    finally:
        sys.setprofile(None)
    return count


def test_a_line_of_ten_million_characters_is_read() -> None:
    with pytest.raises(EditsRefused, match="never closed"):
        parse("main/a.txt\n<<<<<<< CREATE\n" + "x" * 10_000_000)
