from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, FileChange
from copilot.edits.merge import merge3
from copilot.errors import EditsRefused, UsageError, WriteFailed
from copilot.journal.history import log, redo, undo
from copilot.journal.model import Transaction
from copilot.journal.transact import commit

Snapshots = Callable[..., dict[str, tuple[bytes, int] | None]]


def _filled(roots: dict[str, Path]) -> ChangeSet:
    """Fill the repositories and return changes of every kind over all three."""
    (roots["api"] / "run.sh").write_bytes(b"echo a\r\necho b\r\n")
    (roots["api"] / "run.sh").chmod(0o755)
    (roots["web"] / "tool").write_bytes(b"no newline at the end")
    (roots["web"] / "tool").chmod(0o700)
    (roots["ops"] / "old.py").write_bytes(b"x = 1\n")
    (roots["ops"] / "old.py").chmod(0o750)
    return ChangeSet(
        (
            FileChange("api", "run.sh", b"echo a\r\necho b\r\n", b"echo a\r\necho c"),
            FileChange("web", "tool", b"no newline at the end", None),
            FileChange("web", "a/b/new.bin", None, b"\xff\x00"),
            FileChange("ops", "lib/new.py", b"x = 1\n", b"x = 2\n", old_path="old.py"),
        )
    )


def test_undo_and_redo_restore_every_byte_and_mode(
    roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    changes = _filled(roots)
    old = snapshot(*roots.values())
    applied = commit(changes, roots, journals, label="all kinds")
    new = snapshot(*roots.values())
    undone = undo(journals, roots["web"])
    assert snapshot(*roots.values()) == old
    assert (undone.kind, undone.reverses, undone.label) == ("undo", applied.id, "all kinds")
    redone = redo(journals, roots["ops"])
    assert snapshot(*roots.values()) == new
    assert (redone.kind, redone.reverses) == ("redo", undone.id)
    undo(journals, roots["api"])
    assert snapshot(*roots.values()) == old
    assert [one.kind for one in log(journals)] == ["undo", "redo", "undo", "apply"]


def test_undo_keeps_a_mode_set_since(roots: dict[str, Path], journals: Path) -> None:
    (roots["api"] / "a").write_bytes(b"old")
    commit(ChangeSet((FileChange("api", "a", b"old", b"new"),)), roots, journals, label="")
    (roots["api"] / "a").chmod(0o755)
    undo(journals, roots["api"])
    assert (roots["api"] / "a").read_bytes() == b"old"
    assert stat.S_IMODE((roots["api"] / "a").stat().st_mode) == 0o755


def test_undo_leaves_a_made_folder_that_is_in_use(
    roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    commit(ChangeSet((FileChange("api", "a/b/c", None, b"c"),)), roots, journals, label="")
    (roots["api"] / "a/mine").write_bytes(b"mine")
    undo(journals, roots["api"])
    assert sorted(snapshot(roots["api"])) == [str(roots["api"] / "a"), str(roots["api"] / "a/mine")]


def test_folder_emptied_by_a_delete_stays(roots: dict[str, Path], journals: Path) -> None:
    (roots["api"] / "a").mkdir()
    (roots["api"] / "a/b").write_bytes(b"b")
    commit(ChangeSet((FileChange("api", "a/b", b"b", None),)), roots, journals, label="")
    assert list((roots["api"] / "a").iterdir()) == []
    (roots["api"] / "a").rmdir()
    undo(journals, roots["api"])
    assert (roots["api"] / "a/b").read_bytes() == b"b"


def test_undo_refuses_and_names_every_file_changed_since(
    roots: dict[str, Path], journals: Path, snapshot: Snapshots
) -> None:
    commit(_filled(roots), roots, journals, label="")
    (roots["api"] / "run.sh").write_bytes(b"edited")
    (roots["web"] / "tool").write_bytes(b"made anew")
    (roots["ops"] / "lib/new.py").unlink()
    before = snapshot(*roots.values())
    with pytest.raises(EditsRefused) as refused:
        undo(journals, roots["api"])
    first, *lines = refused.value.message.splitlines()
    assert first.startswith("3 files were changed since")
    assert sorted(lines) == [
        "  api/run.sh: line 1 changed since it was written",
        "  ops/lib/new.py: it is gone since",
        "  web/tool: the path is taken again; move away what is there",
    ]
    assert snapshot(*roots.values()) == before
    assert [one.kind for one in log(journals)] == ["apply"]


def test_nothing_to_undo_or_redo(roots: dict[str, Path], journals: Path) -> None:
    with pytest.raises(UsageError, match=f"nothing to undo in {roots['api']}"):
        undo(journals, roots["api"])
    commit(ChangeSet((FileChange("api", "a", None, b"a"),)), roots, journals, label="")
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(journals, roots["web"])
    with pytest.raises(UsageError, match="nothing to redo"):
        redo(journals, roots["api"])
    undo(journals, roots["api"])
    with pytest.raises(UsageError, match="nothing to undo"):
        undo(journals, roots["api"])


def test_undo_of_a_chosen_transaction(roots: dict[str, Path], journals: Path) -> None:
    first = _create(roots, journals, "first")
    second = _create(roots, journals, "second")
    undo(journals, roots["api"], transaction_id=first.id)
    assert [path.name for path in roots["api"].iterdir()] == ["second"]
    for gone in (first.id, "20200101T000000.000000Z-00000000", "../../etc"):
        with pytest.raises(UsageError, match="nothing to undo"):
            undo(journals, roots["api"], transaction_id=gone)
    undo(journals, roots["api"], transaction_id=second.id)
    assert list(roots["api"].iterdir()) == []


def test_redo_goes_back_through_the_undone_in_turn(roots: dict[str, Path], journals: Path) -> None:
    for name in ("first", "second"):
        _create(roots, journals, name)
    undo(journals, roots["api"])
    undo(journals, roots["api"])
    redo(journals, roots["api"])
    assert [path.name for path in roots["api"].iterdir()] == ["first"]
    redo(journals, roots["api"])
    assert sorted(path.name for path in roots["api"].iterdir()) == ["first", "second"]


def test_log_by_root_with_folders_below_and_above(roots: dict[str, Path], journals: Path) -> None:
    _create(roots, journals, "x")
    assert log(journals, roots["web"]) == ()
    assert len(log(journals, roots["api"])) == 1
    assert len(log(journals, roots["api"] / "src")) == 1
    assert len(log(journals, roots["api"].parent)) == 1


def test_log_of_nothing_makes_nothing(journals: Path) -> None:
    assert log(journals) == ()
    assert not journals.exists()


def test_ids_sort_by_time_even_if_the_clock_was_set_back(
    roots: dict[str, Path], journals: Path
) -> None:
    first = _create(roots, journals, "first")
    late = "29990101T000000.000000Z-ffffffff"
    (journals / first.id).rename(journals / late)
    plan = journals / late / "committed.json"
    plan.write_text(plan.read_text().replace(first.id, late))
    second = _create(roots, journals, "second")
    assert [one.id for one in log(journals)] == [second.id, late]


def test_damaged_journal_is_told(roots: dict[str, Path], journals: Path) -> None:
    (roots["api"] / "a").write_bytes(b"old")
    done = commit(ChangeSet((FileChange("api", "a", b"old", b"new"),)), roots, journals, label="")
    contents = journals / done.id / "contents"
    assert contents.read_bytes() == b"oldnew"
    contents.write_bytes(b"othnew")
    with pytest.raises(WriteFailed, match="damaged"):
        undo(journals, roots["api"])
    assert (roots["api"] / "a").read_bytes() == b"new"
    (journals / done.id / "committed.json").write_bytes(b"{")
    with pytest.raises(WriteFailed, match="damaged"):
        log(journals)


def _create(roots: dict[str, Path], journals: Path, name: str) -> Transaction:
    change = FileChange("api", name, None, name.encode())
    return commit(ChangeSet((change,)), roots, journals, label=name)


NAMES = ("a", "b", "d/a", "d/e/b")
State = dict[str, bytes | None]
EMPTY: State = dict.fromkeys(NAMES)
LINES = st.tuples(*(st.sampled_from([b"%d\n" % n, b"%d'\r\n" % n, b""]) for n in range(5)))
CONTENT = st.sampled_from([None, b"", b"1", b"\xff\0"]) | LINES.map(b"".join)
STATES = st.dictionaries(st.sampled_from(NAMES), CONTENT)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), STATES),
        st.tuples(st.just("edit"), STATES),
        st.tuples(st.sampled_from(["undo", "redo"]), st.just({})),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_any_sequence_equals_the_model(steps: list[tuple[str, State]]) -> None:
    with TemporaryDirectory() as place:
        root, journals = Path(place).resolve() / "root", Path(place) / "journals"
        root.mkdir()
        model = Model()
        for verb, wanted in steps:
            expected = getattr(model, verb)(wanted)
            with _raises(expected):
                _perform(verb, wanted, root, journals)
            assert _state(root) == model.state
            assert not list(root.rglob(".copilot-*"))


class Model:
    """The files as a mapping, and two stacks of (before, after)."""

    def __init__(self) -> None:
        self.state = dict(EMPTY)
        self.done: list[tuple[State, State]] = []
        self.undone: list[tuple[State, State]] = []

    def edit(self, wanted: State) -> None:
        self.state |= wanted

    def commit(self, wanted: State) -> type[Exception] | None:
        if not (wanted := _differing(self.state, wanted)):
            return UsageError
        self.done.append(({name: self.state[name] for name in wanted}, wanted))
        self.state |= wanted
        return None

    def undo(self, _: State) -> type[Exception] | None:
        return self._move(self.done, self.undone)

    def redo(self, _: State) -> type[Exception] | None:
        return self._move(self.undone, self.done)

    def _move(
        self, source: list[tuple[State, State]], target: list[tuple[State, State]]
    ) -> type[Exception] | None:
        if not source:
            return UsageError
        before, after = source[-1]
        now = {name: self.state[name] for name in before}
        try:
            back = {name: _led_back(before[name], after[name], now[name]) for name in before}
        except ValueError:
            return EditsRefused
        source.pop()
        # Where nothing had to be done, what is reversed next is what this one would have done.
        idle = {name for name in before if now[name] == back[name]}
        target.append(
            (
                {name: after[name] if name in idle else now[name] for name in before},
                {name: before[name] if name in idle else back[name] for name in before},
            )
        )
        self.state |= back
        return None


def _led_back(before: bytes | None, after: bytes | None, now: bytes | None) -> bytes | None:
    """What taking a change of one file back makes of what is there; ValueError if they collide."""
    if before == after or now == before:
        return now
    if now == after:
        return before
    if before is None or after is None or now is None or b"\0" in before + after + now:
        raise ValueError
    merged = merge3(after, before, now).data
    if merged is None:
        raise ValueError
    return merged


@contextmanager
def _raises(expected: type[Exception] | None) -> Iterator[None]:
    if expected is None:
        yield
    else:
        with pytest.raises(expected):
            yield


def _differing(state: State, wanted: State) -> State:
    return {name: data for name, data in wanted.items() if state[name] != data}


def _perform(verb: str, wanted: State, root: Path, journals: Path) -> None:
    if verb == "commit":
        now = _state(root)
        changes = [
            FileChange("root", name, now[name], data)
            for name, data in _differing(now, wanted).items()
        ]
        commit(ChangeSet(tuple(changes)), {"root": root}, journals, label="")
    elif verb == "edit":
        _edit(root, wanted)
    else:
        {"undo": undo, "redo": redo}[verb](journals, root)


def _edit(root: Path, wanted: State) -> None:
    for name, data in wanted.items():
        if data is None:
            (root / name).unlink(missing_ok=True)
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)


def _state(root: Path) -> State:
    return {name: (root / name).read_bytes() if (root / name).exists() else None for name in NAMES}
