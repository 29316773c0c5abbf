"""A base that is kept by several processes, or damaged, or not kept at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.assist.pack import Packed
from copilot.context.frozen import FrozenStore
from copilot.workspace.seen import SeenStore

Pack = Callable[..., Packed]
Start = Callable[..., subprocess.Popen[bytes]]

_CHILD = """
import sys
from pathlib import Path
from copilot.assist.pack import pack
from copilot.assist.scope import Scope
from copilot.cache import Cache
from copilot.context.frozen import FrozenStore
from copilot.workspace.choose import Selection
from copilot.workspace.masker import Masker
from copilot.workspace.roots import find_roots
from copilot.workspace.seen import SeenStore
root, user = sys.argv[1], Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
scope = Scope(
    find_roots([root], Path.cwd()), Selection(), "o200k_base", user / "prompts",
    cache=Cache(user / "cache/facts.sqlite3"), masker=Masker(user / "state/masks.key"),
    frozen=FrozenStore(user / "state/frozen"), seen=SeenStore(user / "cache/seen", "one"),
)
prompt = pack(scope, "ask", "what?", lambda _done, _known: None).prompt
sys.stdout.buffer.write(prompt.text.encode())
"""


def _has_overlay(packed: Packed) -> bool:
    return any(section.kind == "overlay" for section in packed.prompt.sections)


@pytest.fixture
def start(root: Path, user: Path) -> Start:
    """Start a process that packs as soon as it is told to."""

    def run(before: str = "") -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, "-c", before + _CHILD, str(root), str(user)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        return child

    return run


def _release(*children: subprocess.Popen[bytes]) -> None:
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()


def _printed(child: subprocess.Popen[bytes]) -> bytes:
    printed, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return printed


@pytest.mark.parametrize("changes", [False, True])
def test_processes_at_once_agree(root: Path, start: Start, changes: bool) -> None:
    children = [start() for _ in range(2)]
    _release(*children)
    if changes:
        (root / "small/5.py").write_text("value = 55\n")
    prompts = [_printed(child) for child in children]
    later = start()
    _release(later)
    prompts.append(_printed(later))
    bases = {prompt[: prompt.index(b"# Question")] for prompt in prompts}
    if not changes:
        assert len(bases) == 1
    # What changed meanwhile is at most appended: each begins as the shortest does.
    shortest = min(prompts, key=len)
    frozen = shortest[: shortest.rindex(b"</file>")]
    assert all(prompt.startswith(frozen) for prompt in prompts)
    assert (b"value = 55" in prompts[-1]) is changes


@pytest.mark.parametrize("size", [512, 4096])
def test_a_full_disk_is_no_reason_to_fail(root: Path, user: Path, start: Start, size: int) -> None:
    full = (
        "import resource\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))\n"
    )
    prompts = []
    for before in (full, full, ""):
        child = start(before)
        _release(child)
        prompts.append(_printed(child))
    assert prompts[0] == prompts[1] == prompts[2]
    kept = [file.name for file in user.rglob("*") if file.name.startswith((".part", ".seen"))]
    assert not kept


def test_where_nothing_can_be_kept_each_prompt_is_a_fresh_one(
    root: Path, user: Path, pack_of: Pack
) -> None:
    expected = pack_of(root, frozen=FrozenStore(), seen=SeenStore()).prompt.text
    (user / "state").mkdir(exist_ok=True)
    (user / "state/frozen").write_text("a file where a folder should be")
    shutil.rmtree(user / "cache")
    (user / "cache").write_text("and another")
    assert pack_of(root).prompt.text == expected
    (root / "small/1.py").write_text("value = 11\n")
    assert not _has_overlay(pack_of(root))


@pytest.mark.skipif(os.geteuid() == 0, reason="the system refuses root nothing")
def test_a_folder_that_must_not_be_written_to_is_only_read(
    root: Path, user: Path, pack_of: Pack
) -> None:
    before = pack_of(root).prompt
    (user / "state/frozen").chmod(0o500)
    assert pack_of(root).prompt.text == before.text
    (user / "state/frozen").chmod(0o700)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(which=st.sampled_from([".record", ".base"]), where=st.floats(0, 1), flip=st.integers(0, 255))
def test_what_is_damaged_counts_as_never_kept(
    root: Path, user: Path, pack_of: Pack, which: str, where: float, flip: int
) -> None:
    shutil.rmtree(user, ignore_errors=True)
    (root / "small/3.py").write_text("value = 3\n")
    pack_of(root)
    (root / "small/3.py").write_text("value = 33\n")
    kept = pack_of(root).prompt.text
    (file,) = (user / "state/frozen").glob(f"*{which}")
    data = bytearray(file.read_bytes())
    place = min(int(where * len(data)), len(data) - 1)
    if flip:
        data[place] ^= flip
    else:
        del data[place:]
    file.write_bytes(data)
    after = pack_of(root)
    assert after.prompt.text != kept
    assert not _has_overlay(after)
    assert after.full_texts["app/small/3.py"] == "value = 33\n"
    assert pack_of(root).prompt.text == after.prompt.text


def test_a_damaged_base_is_mended(root: Path, user: Path, pack_of: Pack) -> None:
    before = pack_of(root).prompt
    (base,) = (user / "state/frozen").glob("*.base")
    sound = base.read_bytes()
    base.write_bytes(bytes(len(sound)))
    assert pack_of(root).prompt.text == before.text
    assert base.read_bytes() == sound
