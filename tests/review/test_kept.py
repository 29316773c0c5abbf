"""What was decided comes back as it was, whatever it is, and does no harm elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.edits.changes import ChangeSet, FileChange
from copilot.errors import EditsRefused
from copilot.review.kept import key_of, proposed, resumed, told
from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide,
    decide_file,
    decide_lines,
    places,
    redo,
    renewed,
    split,
    start,
    undo,
    with_comment,
    with_edited_file,
)

Step = Callable[[Review], Review]

_TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\xff\n"]), max_size=9).map(b"".join)
_CHANGES = st.lists(
    st.one_of(
        st.builds(lambda a, b: (a, b, None), _TEXT, _TEXT),
        st.builds(lambda b: (None, b, None), _TEXT),
        st.builds(lambda a: (a, None, None), _TEXT),
        st.builds(lambda a, b: (a, b, "old"), _TEXT, _TEXT),
    ),
    min_size=1,
    max_size=3,
).map(
    lambda found: ChangeSet(
        tuple(
            FileChange("m", f"f{number}", before, after, old and f"{old}{number}")
            for number, (before, after, old) in enumerate(found)
        )
    )
)
_NUMBER, _DECISION = st.integers(0, 12), st.sampled_from(Decision)


def _on_hunk(number: int, act: Callable[[Review, Place], Review]) -> Step:
    def step(review: Review) -> Review:
        every = places(review)
        try:
            return act(review, every[number % len(every)]) if every else review
        except EditsRefused:
            return review

    return step


def _lines(review: Review, place: Place, first: int, decision: Decision) -> Review:
    last = max(0, len(review.files[place.file].hunks[place.hunk].lines) - 1)
    return decide_lines(review, place, min(first, last), last, decision)


_STEP = st.one_of(
    st.builds(lambda n, d: _on_hunk(n, lambda r, p: decide(r, p, d)), _NUMBER, _DECISION),
    st.builds(
        lambda n, i, d: _on_hunk(n, lambda r, p: _lines(r, p, i, d)), _NUMBER, _NUMBER, _DECISION
    ),
    st.builds(lambda i, d: lambda r: decide_file(r, i % len(r.files), d), _NUMBER, _DECISION),
    st.builds(lambda n: _on_hunk(n, split), _NUMBER),
    st.builds(
        lambda n, t: _on_hunk(n, lambda r, p: with_edited_file(r, p.file, t)), _NUMBER, _TEXT
    ),
    st.builds(
        lambda n, t: _on_hunk(n, lambda r, p: with_comment(r, p, 0, 0, t, is_rejection=True)),
        _NUMBER,
        st.text(max_size=5),
    ),
    st.just(undo),
    st.just(redo),
)


@settings(deadline=None)
@given(_CHANGES, _CHANGES, st.lists(_STEP, max_size=8), st.booleans())
def test_whatever_was_decided_comes_back_as_it_was(
    changes: ChangeSet, others: ChangeSet, steps: list[Step], is_second: bool
) -> None:
    review = start(changes)
    if is_second:
        review = renewed(review, others)
    begun, pieces, last = start(proposed(review)), list[str](), None
    for step in [lambda r: r, *steps]:
        review = step(review)
        pieces.append(json.dumps(told(review, last)))
        last = review
    again = resumed(begun, map(json.loads, pieces))
    assert (again.files, again.comments) == (review.files, review.comments)
    elsewhere = resumed(start(others), map(json.loads, pieces))
    assert [file.proposed for file in elsewhere.files] == [*others.changes]


def test_nothing_is_told_where_nothing_was_decided() -> None:
    begun = start(ChangeSet((FileChange("m", "f", b"a\n", b"b\n"),)))
    assert told(begun) == {}
    assert told(decide_file(begun, 0, Decision.ACCEPTED), begun) == {
        "files": {"0": {"marks": "accepted"}}
    }


def test_what_is_no_such_piece_is_passed_over() -> None:
    begun = start(ChangeSet((FileChange("m", "f", b"a\n", b"b\n"),)))
    odd: list[dict[str, object]] = [
        {}, {"files": []}, {"files": {"7": {"marks": "accepted"}, "x": 1, "0": {"marks": "=!"}}},
        {"files": {"0": {"marks": "accepted", "layout": [[[1]]]}}}, {"comments": [{}]},
    ]  # fmt: skip
    assert resumed(begun, odd) == begun


def test_a_proposal_has_a_name_of_its_own() -> None:
    one = FileChange("m", "f", b"a\n", b"b\n")
    others = [
        FileChange("m", "f", b"a\n", b"c\n"), FileChange("m", "f", b"b\n", b"b\n"),
        FileChange("n", "f", b"a\n", b"b\n"), FileChange("m", "f", None, b"b\n"),
    ]  # fmt: skip
    assert key_of(ChangeSet((one,))) == key_of(ChangeSet((FileChange("m", "f", b"a\n", b"b\n"),)))
    assert len({key_of(ChangeSet((change,))) for change in [one, *others]}) == 5
