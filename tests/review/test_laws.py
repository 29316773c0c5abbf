"""Laws of the review: whatever a person does, what is shown as taken is what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import (
    EXECUTABLE_MODE,
    PLAIN_MODE,
    ChangeSet,
    DiffLine,
    FileChange,
    split_lines,
)
from copilot.errors import EditsRefused
from copilot.review.slots import pairs
from copilot.review.state import (
    Decision,
    FileReview,
    Place,
    Review,
    accepted,
    decide,
    decide_all,
    decide_file,
    decide_files,
    decide_lines,
    decide_rest,
    next_place,
    next_undecided,
    places,
    redo,
    renewed,
    split,
    start,
    undo,
    with_comment,
    with_edited_file,
    with_edited_hunk,
    without_comment,
)

_A = Decision.ACCEPTED
Step = Callable[[Review], Review]

_LINE = st.sampled_from([b"a\n", b"b\n", b"c d\n", b"\n", b"e\r\n"])
_TEXT = st.builds(
    lambda lines, end: b"".join(lines) + end,
    st.lists(_LINE, max_size=12),
    st.sampled_from([b"", b"", b"end"]),
)
_ODD = st.sampled_from(
    [b"\xff\xfea\x00\n\x00", b"a\x00\nb\n", b"a\n\x00", "x\ny\n".encode("utf-16")]
)
_MODES = (PLAIN_MODE, EXECUTABLE_MODE)
_CHANGE = st.one_of(
    st.builds(lambda old, new: FileChange("m", "f", old, new), _TEXT, _TEXT),
    st.builds(lambda old, new: FileChange("m", "f", old, new), _TEXT | _ODD, _ODD),
    st.builds(lambda new: FileChange("m", "f", None, new), _TEXT),
    st.builds(lambda old: FileChange("m", "f", old, None), _TEXT),
    st.builds(lambda old, new: FileChange("m", "f", old, new, "g", *_MODES), _TEXT, _TEXT),
)
_NUMBER = st.integers(0, 30)
_DECISION = st.sampled_from(Decision)


def _at(review: Review, number: int) -> Place | None:
    every = places(review)
    return every[number % len(every)] if every else None


def _on_hunk(number: int, act: Callable[[Review, Place], Review]) -> Step:
    def step(review: Review) -> Review:
        place = _at(review, number)
        try:
            return act(review, place) if place else review
        except EditsRefused:
            return review

    return step


def _line_ends(review: Review, place: Place, first: int, count: int) -> tuple[int, int]:
    size = max(1, len(review.files[place.file].hunks[place.hunk].lines))
    return first % size, min(first % size + count, size - 1)


def _typed(review: Review, place: Place, keep: Sequence[bool], new: Sequence[bytes]) -> Review:
    """Edit a hunk: keep some struck lines, leave out some added ones, add others."""
    lines: list[DiffLine] = []
    for index, line in enumerate(review.files[place.file].hunks[place.hunk].lines):
        is_kept = keep[index % len(keep)] if keep else False
        if line.tag == "-" and is_kept:
            lines.append(DiffLine(" ", line.data))
        elif line.tag != "+" or not is_kept:
            lines.append(line)
    lines += [DiffLine("+", data) for data in new]
    return with_edited_hunk(review, place, tuple(lines))


_STEP = st.one_of(
    st.builds(lambda n, d: _on_hunk(n, lambda r, p: decide(r, p, d)), _NUMBER, _DECISION),
    st.builds(
        lambda n, i, c, d: _on_hunk(n, lambda r, p: decide_lines(r, p, *_line_ends(r, p, i, c), d)),
        _NUMBER,
        _NUMBER,
        st.integers(0, 3),
        _DECISION,
    ),
    st.builds(lambda n, d: _on_hunk(n, lambda r, p: decide_rest(r, p, d)), _NUMBER, _DECISION),
    st.builds(
        lambda i, d, u: lambda r: decide_file(r, i % len(r.files), d, only_undecided=u),
        _NUMBER,
        _DECISION,
        st.booleans(),
    ),
    st.builds(
        lambda d, u: lambda r: decide_files(r, range(len(r.files)), d, only_undecided=u),
        _DECISION,
        st.booleans(),
    ),
    st.builds(
        lambda n, at: _on_hunk(n, lambda r, p: split(r, p, at)), _NUMBER, st.none() | _NUMBER
    ),
    st.builds(
        lambda n, keep, new: _on_hunk(n, lambda r, p: _typed(r, p, keep, new)),
        _NUMBER,
        st.lists(st.booleans(), max_size=5),
        st.lists(_LINE, max_size=3),
    ),
    st.builds(
        lambda i, data: lambda r: with_edited_file(r, i % len(r.files), data), _NUMBER, _TEXT
    ),
    st.builds(
        lambda n, i, c, no: _on_hunk(
            n, lambda r, p: with_comment(r, p, *_line_ends(r, p, i, c), "why", is_rejection=no)
        ),
        _NUMBER,
        _NUMBER,
        st.integers(0, 3),
        st.booleans(),
    ),
    st.just(lambda r: without_comment(r, 0) if r.comments else r),
    st.just(undo),
    st.just(redo),
)
_STEPS = st.lists(_STEP, max_size=8)


def _begun(changes: Sequence[FileChange]) -> Review:
    named = (
        FileChange("m", f"{i}", c.before, c.after, c.old_path and f"{i}.old", c.old_mode, c.mode)
        for i, c in enumerate(changes)
    )
    return start(ChangeSet(tuple(named)))


def _walked(changes: Sequence[FileChange], steps: Sequence[Step]) -> list[Review]:
    reviews = [_begun(changes)]
    for step in steps:
        reviews.append(step(reviews[-1]))
    return reviews


def _shown_as_taken(file: FileReview) -> tuple[str, bytes | None, int | None] | None:
    """Walk over what is shown of a file, and say what it becomes: path, text and mode."""
    change = file.change
    before = split_lines(change.before or b"")
    lines: list[bytes] = []
    position, is_taken, path, mode = 0, False, change.old_path or change.path, None
    for index, hunk in enumerate(file.hunks):
        decisions = file.line_decisions(index)
        is_taken |= _A in decisions or (not hunk.lines and file.hunk_decision(index) is _A)
        if hunk.kind == "rename":
            path = change.path if file.hunk_decision(index) is _A else path
        elif hunk.kind == "mode":
            mode = change.mode if file.hunk_decision(index) is _A else mode
        else:
            lines += before[position : hunk.old_start]
            lines += _taken_lines(hunk.lines, decisions)
            position = hunk.old_start + hunk.old_count
    lines += before[position:]
    end = (
        b"\r\n"
        if (before or split_lines(change.after or b"") or [b""])[0][-2:] == b"\r\n"
        else b"\n"
    )
    ended = [line if line.endswith(b"\n") else line + end for line in lines[:-1]] + lines[-1:]
    text = b"".join(ended)
    if not is_taken:
        return None
    if change.after is None and all(file.hunk_decision(h) is _A for h in range(len(file.hunks))):
        return path, None, None
    if change.before is None:
        return path, text, change.mode
    same = (text, path, mode) == (change.before, change.old_path or change.path, None)
    return None if same else (path, text, mode)


def _taken_lines(lines: Sequence[DiffLine], decisions: Sequence[Decision | None]) -> list[bytes]:
    if set(decisions) in ({_A}, {Decision.REJECTED}, {Decision.UNDECIDED}):
        tag = "-" if decisions[0] is _A else "+"
        return [line.data for line in lines if line.tag != tag]
    taken: list[bytes] = []
    for old, new in pairs(lines):
        if old is not None and decisions[old] is not _A:
            taken.append(lines[old].data)
        if new is not None and new != old and decisions[new] is _A:
            taken.append(lines[new].data)
    return taken


def _comes_out(review: Review) -> dict[str, tuple[str, bytes | None, int | None]]:
    return {
        change.path.removesuffix(".old"): (change.path, change.after, change.mode)
        for change in accepted(review).changes
    }


def _expected(review: Review) -> dict[str, tuple[str, bytes | None, int | None]]:
    told = {file.change.path: _shown_as_taken(file) for file in review.files}
    return {path: outcome for path, outcome in told.items() if outcome is not None}


def _check_hunks(file: FileReview) -> None:
    """Check that hunks tell both texts, in order, and that every changed line has a decision."""
    before, after = split_lines(file.change.before or b""), split_lines(file.change.after or b"")
    old, new = 0, 0
    for index, hunk in enumerate(file.hunks):
        decisions = file.line_decisions(index)
        assert [d is None for d in decisions] == [
            line.tag == " " and file.change.is_divisible for line in hunk.lines
        ]
        assert decisions == tuple(file.line_decision(index, n) for n in range(len(hunk.lines)))
        if hunk.kind in ("rename", "mode"):
            continue
        assert before[old : hunk.old_start] == after[new : hunk.new_start]
        old, new = hunk.old_start + hunk.old_count, hunk.new_start + hunk.new_count
        assert [x.data for x in hunk.lines if x.tag != "+"] == before[hunk.old_start : old]
        assert [x.data for x in hunk.lines if x.tag != "-"] == after[hunk.new_start : new]
    assert before[old:] == after[new:]


_CHANGES = st.lists(_CHANGE, min_size=1, max_size=3)


@settings(max_examples=300)
@given(_CHANGES, _STEPS)
def test_what_is_shown_as_taken_comes_out(changes: list[FileChange], steps: list[Step]) -> None:
    for review in _walked(changes, steps):
        for file in review.files:
            _check_hunks(file)
        assert _comes_out(review) == _expected(review)


@given(_CHANGES, _STEPS)
def test_all_is_the_proposal_with_the_edits_and_none_is_nothing(
    changes: list[FileChange], steps: list[Step]
) -> None:
    review = _walked(changes, steps)[-1]
    everything = accepted(decide_all(review, _A)).changes
    assert everything == tuple(file.change for file in review.files if not file.shape.is_empty)
    assert not accepted(decide_all(review, Decision.REJECTED))


@given(_CHANGES, _STEPS)
def test_undo_to_the_start_and_redo_to_the_end(
    changes: list[FileChange], steps: list[Step]
) -> None:
    begun = _begun(changes)
    last = _walked(changes, steps)[-1]
    while (later := redo(last)) is not last:
        last = later
    walk = [last]
    while (earlier := undo(walk[-1])) is not walk[-1]:
        walk.append(earlier)
    assert walk[-1] == begun
    for review in walk[-2::-1]:
        later = redo(undo(review))
        assert later == review
    back = walk[-1]
    for _ in walk[1:]:
        back = redo(back)
    assert back == last
    assert redo(back) is back


@given(_TEXT, _TEXT, st.lists(_STEP, max_size=4))
def test_lines_that_stay_and_lines_that_come_keep_their_order(
    before: bytes, after: bytes, steps: list[Step]
) -> None:
    """Every line is made one of a kind, so that both orders can be seen."""
    old = [b"old %d\n" % number for number, _ in enumerate(split_lines(before))]
    new = [b"new %d\n" % number for number, _ in enumerate(split_lines(after))]
    shared = [b"both %d\n" % number for number in range(2)]
    change = FileChange("m", "f", b"".join([*old, *shared]), b"".join([*new, *shared]))
    review = _walked([change], steps)[-1]
    for taken in accepted(review).changes:
        lines = split_lines(taken.after or b"")
        for text in (change.before, review.files[0].change.after):
            sample = split_lines(text or b"")
            order = [sample.index(line) for line in lines if sample.count(line) == 1]
            assert order == sorted(order)


@given(_CHANGES, _STEPS)
def test_places_one_after_the_other(changes: list[FileChange], steps: list[Step]) -> None:
    review = _walked(changes, steps)[-1]
    every = places(review)
    for one, other in pairwise(every):
        assert next_place(review, one) == other
        assert next_place(review, other, -1) == one
    if every:
        assert next_place(review, every[-1]) is None
        assert next_place(review, every[0], -1) is None
    undecided = [
        place
        for place in every
        if Decision.UNDECIDED in review.files[place.file].line_decisions(place.hunk)
        or review.files[place.file].hunk_decision(place.hunk) is Decision.UNDECIDED
    ]
    found: list[Place] = []
    place = next_undecided(review, wrap=False)
    while place is not None:
        found.append(place)
        place = next_undecided(review, place, wrap=False)
    assert found == undecided
    assert review.is_decided == (not undecided)
    for one, other in pairwise(undecided):
        assert next_undecided(review, other, step=-1) == one
    if undecided:
        assert next_undecided(review, undecided[-1]) == undecided[0]
        assert next_undecided(review, undecided[0], step=-1) == undecided[-1]


@given(_CHANGES, _STEPS)
def test_a_proposal_of_what_was_accepted_is_accepted(
    changes: list[FileChange], steps: list[Step]
) -> None:
    review = _walked(changes, steps)[-1]
    again = renewed(review, accepted(review))
    for file in again.files:
        _check_hunks(file)
    assert accepted(again) == accepted(review)
    assert again.round == review.round + 1


@given(st.data(), st.lists(_STEP, max_size=4), st.lists(_NUMBER, max_size=4))
def test_what_was_accepted_stays_so_beside_what_is_new(
    data: st.DataObject, steps: list[Step], additions: list[int]
) -> None:
    before = [b"line %d\n" % number for number in range(12)]
    after = [line for line in before if data.draw(st.integers(0, 3))]
    for number in range(data.draw(st.integers(0, 4))):
        after.insert(data.draw(st.integers(0, len(after))), b"first %d\n" % number)
    change = FileChange("m", "f", b"".join(before), b"".join(after))
    review = _walked([change], steps)[-1]
    standing = {c.path: c.after or b"" for c in accepted(review).changes}.get("0", b"".join(before))
    second = split_lines(standing)
    room = len(second) + (not second or second[-1].endswith(b"\n"))
    for number, position in enumerate(additions):
        second.insert(position % room, b"second %d\n" % number)
    again = renewed(review, ChangeSet((FileChange("m", "0", b"".join(before), b"".join(second)),)))
    file = again.files[0]
    _check_hunks(file)
    outcome = {c.path: c.after for c in accepted(again).changes}.get("0", b"".join(before))
    assert outcome == standing
    for hunk in range(len(file.hunks)):
        for index, line in enumerate(file.hunks[hunk].lines):
            if line.data.startswith(b"second") and line.tag == "+":
                assert file.fresh(hunk, index)
                assert hunk in file.fresh_hunks
                assert file.line_decision(hunk, index) is Decision.UNDECIDED


@settings(max_examples=200)
@given(_CHANGES, _STEPS, st.lists(_CHANGE, min_size=1, max_size=3))
def test_any_next_proposal_can_be_reviewed(
    changes: list[FileChange], steps: list[Step], following: list[FileChange]
) -> None:
    review = _walked(changes, steps)[-1]
    again = renewed(review, ChangeSet(tuple(f.change for f in _begun(following).files)))
    for file in again.files:
        _check_hunks(file)
    assert _comes_out(again) == _expected(again)
    assert accepted(decide_all(again, _A)).changes == tuple(
        file.change for file in again.files if not file.shape.is_empty
    )
