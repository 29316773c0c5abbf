"""What git itself says between two trees, taken as a reply: the second tree comes out, or nothing.

Trees hold what is hard to say in a diff: names with spaces and letters that git quotes, line ends
of Windows, no final newline, carriage returns, lines that look like a diff's own, and modes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from copilot.edits.operations import Operation, Rename, Target
from copilot.edits.parse import parse
from copilot.edits.paths import qualify
from copilot.edits.place import place

Git: TypeAlias = Callable[..., str]
# A file's bytes, and whether it may be executed, by its path.
_Tree: TypeAlias = dict[str, tuple[bytes, bool]]

_NAMES = (
    *("a.txt", "src/b c.py", "grüße.md", "deep/x/y/z.c", "-dash", "a/b.txt", "日本.txt"),
    *("new\u00a0space.txt", "src/b.py", "quote's.txt", "x.diff"),
)
_LINES = (
    "line {}",
    "\tx{}",
    "-- a{}",
    "++ b{}",
    "@@ {}",
    "``` {}",
    "é{}\u2028z",
    "r{}\rz",
    "*** {}",
)
_TREES = 15


def _file(chance: random.Random, end: str) -> tuple[bytes, bool]:
    count = chance.choice((3, 5, 30))
    lines = [chance.choice(_LINES).format(number) for number in range(count)]
    return (end.join(lines) + chance.choice((end, end, ""))).encode(), chance.random() < 0.3


def _edited(chance: random.Random, data: bytes, end: bytes) -> bytes:
    lines = data.split(end)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(lines))
        new = b"new %d" % chance.randrange(10**9)
        lines[at : at + chance.randrange(2)] = chance.choice(([new], [new, new + b"!"], []))
        lines = lines or [new]
    return end.join(lines)


def _later(chance: random.Random, before: _Tree, end: str) -> _Tree:
    """Edit, move, delete and add files, and change modes."""
    after: _Tree = {}
    for name, (data, executable) in before.items():
        new = f"moved/{name.replace('/', ' ')}" if chance.random() < 0.25 else name
        text = _edited(chance, data, end.encode()) if chance.random() < 0.7 else data
        if chance.random() < 0.85:
            after[new] = text, executable ^ (chance.random() < 0.2)
    new_names = [name for name in _NAMES if name not in before and chance.random() < 0.2]
    return after | {name: _file(chance, end) for name in new_names}


def _write(root: Path, tree: Mapping[str, tuple[bytes, bool]]) -> None:
    for name, (data, executable) in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if executable else 0o644)


def _diff(git: Git, root: Path, before: _Tree, after: _Tree, context: int) -> str:
    root.mkdir()
    git(root, "init", "--quiet")
    _write(root, before)
    git(root, "add", "--all")
    index = git(root, "write-tree").strip()
    for name in before:
        (root / name).unlink()
    _write(root, after)
    git(root, "add", "--all")
    return git(root, "diff", "--cached", "--find-renames", f"--unified={context}", index)


def _applied(before: _Tree, operations: tuple[Operation, ...]) -> _Tree:
    raw = {o.path for o in operations} | {o.new_path for o in operations if isinstance(o, Rename)}
    targets = {path: qualify(path, {"main"}) for path in raw}
    sound = {path: target for path, target in targets.items() if isinstance(target, Target)}
    assert sound == targets
    originals = {t: before.get(t.path, (None, False))[0] for t in sound.values()}
    executable = [t for t in sound.values() if before.get(t.path, (b"", False))[1]]
    placement = place(operations, originals, sound, executable=executable)
    assert placement.refusals == ()
    after = dict(before)
    for change in placement.changes.changes:
        _, was_executable = after.pop(change.old_path or change.path, (b"", False))
        mode = change.mode == 0o100755 if change.mode else was_executable
        if change.after is not None:
            after[change.path] = change.after, mode
    return after


@pytest.mark.parametrize("fence", ["```diff\n{}```\n", "Here is the patch.\n\n{}", "{}"])
@pytest.mark.parametrize("context", [1, 3, 12])
def test_a_diff_of_git_gives_the_second_tree(
    git: Git, tmp_path: Path, context: int, fence: str
) -> None:
    chance = random.Random(f"{context} {fence}")  # noqa: S311
    compared = 0
    for number in range(_TREES):
        # A diff changes no line ends: new lines take those of the lines around them.
        end = chance.choice(("\n", "\r\n"))
        before = {name: _file(chance, end) for name in chance.sample(_NAMES, 4)}
        after = _later(chance, before, end)
        diff = _diff(git, tmp_path / str(number), before, after, context)
        if not diff:
            continue
        operations = parse(fence.format(diff), closing_required=False).operations
        assert _applied(before, operations) == after
        compared += 1
    assert compared > _TREES // 2
