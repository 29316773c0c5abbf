"""Events of a session and the turns that they tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.session import record
from copilot.assist.session.protocol import Kind, Turn, Wish
from copilot.assist.session.record import as_markdown, costs_of, info_of, record_of, title_of, up_to
from copilot.backends.protocol import Usage
from copilot.runs.sessions import StoredSession

_TEXT = st.text(max_size=20)
_TURNS = st.lists(
    st.builds(
        Turn,
        st.just(0),
        st.sampled_from(Kind),
        _TEXT,
        _TEXT,
        model=_TEXT,
        is_partial=st.booleans(),
        outcome=_TEXT,
        said=st.lists(_TEXT, max_size=2).map(tuple),
        hint=_TEXT,
        usage=st.none() | st.builds(Usage, st.integers(0), st.integers(0), st.none()),
        seconds=st.floats(0, 1e6),
        cost=st.none() | st.floats(0, 1e6),
    ),
    max_size=5,
).map(lambda turns: tuple(replace(t, number=n + 1) for n, t in enumerate(turns)))


def _told(turn: Turn) -> list[dict[str, object]]:
    pieces = [record.piece(turn.answer[:3]), record.piece(turn.answer[3:])]
    spoken = pieces if turn.kind in {Kind.ASK, Kind.EDIT} else []
    return [
        record.began(turn),
        *spoken,
        *(record.said(line) for line in turn.said),
        record.ended(turn),
    ]


@given(_TURNS)
def test_turns_come_back_from_their_events(turns: tuple[Turn, ...]) -> None:
    events = [event for turn in turns for event in _told(turn)]
    assert record_of(events).turns == turns


@given(_TURNS, st.integers(0, 6))
def test_a_fork_has_the_turns_up_to_a_number(turns: tuple[Turn, ...], number: int) -> None:
    events = tuple(event for turn in turns for event in _told(turn))
    later = tuple(record.landed(replace(turn, outcome="applied")) for turn in turns)
    kept = record_of(up_to((*events, *later), number)).turns
    assert [turn.number for turn in kept] == [t.number for t in turns if t.number <= number]
    assert all(turn.outcome == "applied" for turn in kept)
    assert record_of(up_to(events, None)).turns == turns


def test_a_turn_without_an_end_is_partial() -> None:
    turn = Turn(1, Kind.ASK, "What?")
    events = [record.began(turn), record.piece("It is "), record.piece("a")]
    (told,) = record_of(events).turns
    assert (told.answer, told.is_partial) == ("It is a", True)
    again = [*events, record.began(replace(turn, number=2)), record.piece("b")]
    assert [t.answer for t in record_of(again).turns] == ["It is a", "b"]


def test_answers_that_went_back_are_kept_apart() -> None:
    turn = Turn(1, Kind.EDIT, "Do.", "two", earlier=("one",))
    events = [record.began(turn), record.piece("one"), record.AGAIN, record.piece("two")]
    assert record_of([*events, record.ended(turn)]).turns == (turn,)
    more = replace(turn, answer="three", earlier=("one", "two"))
    opened = [record.reopened(turn), record.piece("three"), record.ended(more, with_texts=True)]
    assert record_of([*events, record.ended(turn), *opened]).turns == (more,)


def test_wishes_models_and_transactions_are_told() -> None:
    told = record_of(
        [
            {"type": "session", "roots": ["a=/a"], "model": "one"},
            record.wished(["a/x", "a/y"], Wish.PIN),
            record.wished(["a/x"], None),
            record.model_chosen("two"),
            {"type": "wrote", "id": "1"},
            {"type": "wrote", "id": "2"},
            {"type": "undid", "id": "3"},
            {"type": "never heard of"},
        ]
    )
    assert (told.roots, told.model, told.wishes) == (("a=/a",), "two", {"a/y": Wish.PIN})
    assert (told.written, told.undone) == (("1",), ("3",))
    assert record_of(up_to(({"type": "wrote", "id": "1"},), None)).written == ()


def test_events_of_another_shape_harm_nobody() -> None:
    record_of([{"type": "end"}, {"type": "turn"}, {"type": "outcome", "number": 7}, {}])
    strange = {"type": "turn", "number": "x", "kind": 3, "asked": None}
    assert record_of([strange]).turns[0].kind is Kind.NOTE
    wish = {"type": "wish", "names": ["a"], "wish": "no such"}
    assert record_of([wish]).wishes == {}


def test_costs_are_summed_where_all_are_known() -> None:
    one = Turn(1, Kind.ASK, "", usage=Usage(10, 2, 5), cost=0.5, seconds=1)
    assert costs_of([one, one]).cost == 1.0
    assert (
        costs_of([one, one]).line
        == "2 answers in 2 s: 20 tokens read, 10 of them cached, 4 written; $1.00"
    )
    assert costs_of([one, replace(one, cost=None)]).cost is None
    assert costs_of([one, replace(one, currency="EUR")]).cost is None
    assert costs_of([]).requests == 0


def test_the_title_is_the_first_question() -> None:
    turns = [
        Turn(1, Kind.NOTE, "/map"),
        Turn(2, Kind.ASK, "What\n is   it?"),
        Turn(3, Kind.ASK, "x"),
    ]
    assert title_of(turns) == "What is it?"
    assert len(title_of([Turn(1, Kind.ASK, "word " * 50)])) <= 60
    stored = StoredSession("id", tuple(e for t in turns for e in _told(t)), datetime.now(UTC), True)
    assert (info_of(stored).title, info_of(stored).turns) == ("What is it?", 2)


def test_markdown_is_harmless_and_fences_hold() -> None:
    edit = Turn(1, Kind.EDIT, "Do.\x1b[2J", "```\ncode\n```", outcome="applied", hint="a\nb")
    text = as_markdown("T\n# forged", ["a=/a"], [edit])
    assert text.startswith("# T\\n# forged\n")
    assert "\x1b" not in text
    assert "````text\n```\ncode\n```\n````" in text
    assert "- applied\n- hint: a\\nb" in text


def test_a_command_that_failed_is_no_question_and_gives_no_title() -> None:
    undo = Turn(1, Kind.ERROR, "/undo", "there is nothing to undo")
    failed = Turn(2, Kind.ERROR, "/usr is what?", "no answer", model="small")
    assert title_of((undo,)) == ""
    assert title_of((undo, failed)) == "/usr is what?"
    events = tuple(event for turn in (undo, failed) for event in _told(turn))
    assert info_of(StoredSession("x", events, datetime.now(UTC), False)).turns == 1
