from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    PLAIN_MODE,
    ChangeSet,
    FileChange,
    compose,
)
from copilot.edits.patch import git_patch, in_context, shown_diff

Git = Callable[..., str]

_NUMBERED = b"".join(b"line %d\n" % number for number in range(1, 31))


def _update(before: bytes, after: bytes, path: str = "a.txt") -> ChangeSet:
    return ChangeSet((FileChange("main", path, before, after),))


def _apply(git: Git, folder: Path, changes: ChangeSet, *options: str, context: int = 3) -> None:
    """Put the files before into the folder, have git apply the patch, and compare."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for change in changes.changes:
        _write(folder / (change.old_path or change.path), change.before)
    patch = git_patch(changes, context=context)
    git(folder, "apply", "--whitespace=nowarn", *options, data=patch)
    for change in changes.changes:
        assert _content(folder / change.path) == change.after
        assert change.old_path is None or not (folder / change.old_path).exists()


def _write(path: Path, data: bytes | None) -> None:
    if data is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_hunks_headers_and_missing_newlines() -> None:
    after = _NUMBERED.replace(b"line 5\n", b"five\nfive and a half\n").replace(b"line 30\n", b"30")
    assert git_patch(_update(_NUMBERED, after), context=1).splitlines(keepends=True)[2:] == [
        b"--- a/a.txt\n",
        b"+++ b/a.txt\n",
        b"@@ -4,3 +4,4 @@\n",
        b" line 4\n",
        b"-line 5\n",
        b"+five\n",
        b"+five and a half\n",
        b" line 6\n",
        b"@@ -29,2 +30,2 @@\n",
        b" line 29\n",
        b"-line 30\n",
        b"+30\n",
        b"\\ No newline at end of file\n",
    ]


def test_git_diff_writes_the_same(git: Git, tmp_path: Path) -> None:
    after = _NUMBERED.replace(b"line 5\n", b"five\nfive and a half\n").replace(b"line 30\n", b"30")
    changes = ChangeSet(
        (
            FileChange("main", "a.txt", _NUMBERED, after),
            FileChange("main", "b c.txt", b"one\n", b"two\n"),
            FileChange("main", "bytes", b"a\0b", b"a\0c"),
            FileChange("main", "empty", None, b""),
            FileChange("main", "grün\t.txt", b"gone\n", None),
            FileChange("main", "z new.txt", _NUMBERED, _NUMBERED, "old name.txt"),
        )
    )
    git(tmp_path, "init", "-q")
    for change in changes.changes:
        _write(tmp_path / (change.old_path or change.path), change.before)
    git(tmp_path, "add", "-A")
    tree = git(tmp_path, "write-tree").strip()
    for change in changes.changes:
        (tmp_path / (change.old_path or change.path)).unlink(missing_ok=True)
        _write(tmp_path / change.path, change.after)
    git(tmp_path, "add", "-A")
    theirs = git(tmp_path, "diff", "--cached", "-M", "--binary", "--full-index", tree)
    assert _bare(git_patch(changes).decode()) == _bare(theirs)


def _bare(patch: str) -> list[str]:
    """Return a patch without what may differ: modes behind blobs, headings, `,1`, deflated data."""
    lines: list[str] = []
    for line in patch.splitlines():
        if lines and lines[-1].startswith("literal "):
            lines.append("deflated")
        elif line.startswith("@@"):
            ranges = (r if "," in r else f"{r},1" for r in line.split()[1:3])
            lines.append(" ".join(ranges))
        elif line.startswith("index"):
            lines.append(line.removesuffix(" 100644"))
        else:
            lines.append(line)
    return lines


_BYTES = st.lists(
    st.sampled_from([b"a", b"b", b"", b"x" * 5, b"\xff", b"-- ", b"\\ No", b"@@ -1 +1 @@", b"\f"]),
    max_size=25,
)


@st.composite
def _contents(draw: st.DrawFn) -> bytes:
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    return end.join(draw(_BYTES)) + draw(st.sampled_from([b"", end, b"\0\n"]))


_CHANGES = st.lists(st.tuples(_contents() | st.none(), _contents() | st.none()), max_size=8)


def _changes(pairs: list[tuple[bytes | None, bytes | None]], rename: bool) -> ChangeSet:
    """Return a change for each pair; with `rename`, updated files move too."""
    moves = [rename and None not in pair for pair in pairs]
    return ChangeSet(
        tuple(
            FileChange(
                "main", f"sub/f {i}" if moves[i] else f"f{i}", *pair, f"f{i}" if moves[i] else None
            )
            for i, pair in enumerate(pairs)
            if pair != (None, None)
        )
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_CHANGES, st.booleans(), st.integers(1, 4))
def test_git_applies_every_patch(
    git: Git,
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[bytes | None, bytes | None]],
    rename: bool,
    context: int,
) -> None:
    changes = _changes(pairs, rename)
    if git_patch(changes):
        _apply(git, tmp_path_factory.getbasetemp() / "patched", changes, context=context)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), min_size=1, max_size=40), st.data())
def test_git_applies_the_patch_of_any_accepted_hunks(
    git: Git, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], data: st.DataObject
) -> None:
    after = [*lines]
    for index in data.draw(st.lists(st.integers(0, len(lines) - 1), max_size=6)):
        after[index] = b"new"
    change = FileChange("main", "f", b"\n".join(lines), b"\n".join(after))
    indices = range(len(change.hunks))
    chosen = compose(change, [i for i in indices if data.draw(st.booleans(), label=str(i))])
    if chosen is not None:
        _apply(git, tmp_path_factory.getbasetemp() / "patched", ChangeSet((chosen,)))


_NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in (".", "..", ".git") and len(name.encode()) < 100)


@settings(deadline=None, max_examples=40)
@given(_NAMES, _NAMES, st.sampled_from([b"", b"a\n"]))
def test_git_reads_every_name(
    git: Git, tmp_path_factory: pytest.TempPathFactory, one: str, other: str, content: bytes
) -> None:
    names = [f"0{one}", f"1{other}/1{one}", f"2{one}", f"3{one}", f"4{other}"]
    changes = ChangeSet(
        (
            FileChange("main", names[0], None, content),
            FileChange("main", names[1], content, None),
            FileChange("main", names[2], b"a\n", b"b\n"),
            FileChange("main", names[4], content, content, names[3]),
        )
    )
    _apply(git, tmp_path_factory.getbasetemp() / "named", changes)


def test_a_patch_can_be_taken_back(git: Git, tmp_path: Path) -> None:
    changes = ChangeSet(
        (
            FileChange("main", "a", b"a\0b", b"c"),
            FileChange("main", "b", b"x\n", b"y\n", "c"),
        )
    )
    _write(tmp_path / "a", b"c")
    _write(tmp_path / "b", b"y\n")
    git(tmp_path, "apply", "-R", data=git_patch(changes))
    assert _content(tmp_path / "a") == b"a\0b"
    assert _content(tmp_path / "c") == b"x\n"


def test_paths_may_begin_with_the_alias(git: Git, tmp_path: Path) -> None:
    changes = ChangeSet(
        (
            FileChange("main", "a", b"x\n", b"y\n"),
            FileChange("lib", "a", b"x\n", b"z\n"),
        )
    )
    _write(tmp_path / "main/a", b"x\n")
    _write(tmp_path / "lib/a", b"x\n")
    git(tmp_path, "apply", data=git_patch(changes, prefix_alias=True))
    assert _content(tmp_path / "main/a") == b"y\n"
    assert _content(tmp_path / "lib/a") == b"z\n"


def test_hunks_whose_context_meets_become_one() -> None:
    after = _NUMBERED.replace(b"line 5\n", b"").replace(b"line 12\n", b"x\n")
    change = FileChange("main", "a", _NUMBERED, after)
    assert [len(in_context(change, change.hunks, context)) for context in (2, 3)] == [2, 1]
    (joined,) = in_context(change, change.hunks, 3)
    assert (joined.old_start, joined.old_count, joined.new_start, joined.new_count) == (
        1,
        14,
        1,
        13,
    )


def test_a_change_that_changes_nothing_is_left_out() -> None:
    assert git_patch(_update(b"a\n", b"a\n")) == b""


def test_similarity_is_full_only_for_equal_content() -> None:
    before = b"x" * 1000 + b"\n" + b"y\n"
    moved = FileChange("main", "b", before, before.replace(b"y\n", b"z\n"), "a")
    assert b"similarity index 99%\n" in git_patch(ChangeSet((moved,)))
    emptied = FileChange("main", "b", before, b"", "a")
    assert b"similarity index 0%\n" in git_patch(ChangeSet((emptied,)))


def test_the_shown_diff_is_harmless_and_names_the_repository() -> None:
    changes = _update(b"a\x1b[31m\n", b"caf\xe9\r\n\xe2\x80\xae\n", "x\x1b")
    shown = shown_diff(changes, prefix_alias=True)
    assert shown.splitlines()[2:] == [
        '--- "a/main/x\\033"',
        '+++ "b/main/x\\033"',
        "@@ -1,1 +1,2 @@",
        "-a\\x1b[31m",
        "+caf\ufffd",
        "+\\u202e",
    ]


def test_binary_content_is_not_shown() -> None:
    shown = shown_diff(_update(b"a\0b", b"c\n", "x"), prefix_alias=True)
    assert shown.endswith("Binary files a/main/x and b/main/x differ\n")


_MODES = (None, PLAIN_MODE, EXECUTABLE_MODE)


def _moded(folder: Path, changes: ChangeSet) -> None:
    """Put the files before into the folder, with their modes."""
    for change in changes.changes:
        path = folder / (change.old_path or change.path)
        _write(path, change.before)
        if change.old_mode == EXECUTABLE_MODE:
            path.chmod(0o755)


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)


def test_git_diff_writes_modes_the_same(git: Git, tmp_path: Path) -> None:
    on, off = (PLAIN_MODE, EXECUTABLE_MODE), (EXECUTABLE_MODE, PLAIN_MODE)
    changes = ChangeSet(
        (
            FileChange("main", "bytes", b"a\0b", b"a\0c", None, *on),
            FileChange("main", "mode only", b"a\n", b"a\n", None, *on),
            FileChange("main", "new", None, b"#!\n", mode=EXECUTABLE_MODE),
            FileChange("main", "new empty", None, b"", mode=EXECUTABLE_MODE),
            FileChange("main", "off", b"a\n", b"b\n", None, *off),
            FileChange("main", "on", b"a", b"a\n", None, *on),
            FileChange("main", "ran", b"a\n", None, old_mode=EXECUTABLE_MODE),
            FileChange("main", 'z "moved".sh', _NUMBERED, _NUMBERED + b"x", "old\t.sh", *on),
        )
    )
    git(tmp_path, "init", "-q")
    _moded(tmp_path, changes)
    git(tmp_path, "add", "-A")
    tree = git(tmp_path, "write-tree").strip()
    git(tmp_path, "apply", data=git_patch(changes))
    for change in changes.changes:
        assert _content(tmp_path / change.path) == change.after
        if change.mode:
            assert _is_executable(tmp_path / change.path) == (change.mode == EXECUTABLE_MODE)
    git(tmp_path, "add", "-A")
    theirs = git(tmp_path, "diff", "--cached", "-M", "--binary", "--full-index", tree)
    ours = [line for line in _bare(git_patch(changes).decode()) if "similarity" not in line]
    assert ours == [line for line in _bare(theirs) if "similarity" not in line]
    git(tmp_path, "apply", "-R", data=git_patch(changes))
    for change in changes.changes:
        old = tmp_path / (change.old_path or change.path)
        assert _content(old) == change.before
        if change.before is not None:
            assert _is_executable(old) == (change.old_mode == EXECUTABLE_MODE)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(_contents(), _contents(), st.sampled_from([*_MODES]), st.booleans()), max_size=6
    ),
    st.data(),
)
def test_git_applies_any_accepted_hunks_with_modes(
    git: Git,
    tmp_path_factory: pytest.TempPathFactory,
    files: list[tuple[bytes, bytes, int | None, bool]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "moded"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chosen: list[FileChange] = []
    for number, (before, after, mode, moved) in enumerate(files):
        old_mode = None if mode is None else PLAIN_MODE + EXECUTABLE_MODE - mode
        old_path = f"old {number}" if moved else None
        change = FileChange("main", f"f {number}", before, after, old_path, old_mode, mode)
        accepted: set[int] = data.draw(st.sets(st.integers(0, max(0, len(change.hunks) - 1))))
        part = compose(change, accepted) if change.hunks else None
        if part is not None:
            chosen.append(part)
    changes = ChangeSet(tuple(chosen))
    _moded(folder, changes)
    if git_patch(changes):
        git(folder, "apply", "--whitespace=nowarn", data=git_patch(changes))
    for part in chosen:
        assert _content(folder / part.path) == part.after
        assert part.mode is None or _is_executable(folder / part.path) == (
            part.mode == EXECUTABLE_MODE
        )


def test_names_that_are_no_utf8_are_quoted_byte_for_byte(git: Git, tmp_path: Path) -> None:
    name = os.fsdecode(b'caf\xe9 "x"\\.txt')
    _write(tmp_path / name, b"a\n")
    changes = _update(b"a\n", b"b", name)
    assert b'"a/caf\\351 \\"x\\"\\\\.txt"' in git_patch(changes)
    git(tmp_path, "apply", data=git_patch(changes))
    assert _content(tmp_path / name) == b"b"


def test_a_mode_without_the_one_before_is_the_other() -> None:
    change = FileChange("main", "f", b"", b"", mode=EXECUTABLE_MODE)
    assert b"old mode 100644\nnew mode 100755\n" in git_patch(ChangeSet((change,)))
