"""What is sent, and what becomes of the answer."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.assist.ask import Limits, ask, check_said, request_for
from copilot.assist.pack import Packed, messages
from copilot.backends.protocol import (
    Delta,
    Event,
    Finished,
    Message,
    ModelFacts,
    Request,
    Thinking,
    Usage,
    Waiting,
)
from copilot.context.model import SectionKind
from copilot.errors import ModelError, ModelRefused, ReplyIncomplete
from copilot.settings.modes import Mode

LIMITS = Limits(100, 0.5)


class _Speaker:
    """A backend that says its events, then breaks if it is to, and knows whether it was ended."""

    def __init__(self, *events: Event, breaks: bool = False) -> None:
        self.events: Iterable[Event] = events
        self.breaks, self.asked = breaks, list[Request]()
        self.is_ended = False

    def facts(self) -> ModelFacts:
        return ModelFacts("speaker")

    def ask(self, request: Request) -> Iterator[Event]:
        self.asked.append(request)
        try:
            yield from self.events
            if self.breaks:
                raise ReplyIncomplete("it broke off", partial="half")
        finally:
            self.is_ended = True

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def packed(pack_of: Callable[..., Packed], root: Path) -> Packed:
    """A prompt with a base and two entries in its overlay, one of them beyond ASCII."""
    pack_of(root)
    (root / "small/1.py").write_text("value = 'one \u00e9'\n", encoding="utf-8")
    pack_of(root)
    (root / "small/2.py").write_text("value = 'two'\n")
    return pack_of(root)


def test_the_answer_is_the_text_without_the_thoughts(packed: Packed) -> None:
    usage = Usage(12, 3, 8, 1)
    speaker = _Speaker(
        *(Waiting(1.0, "busy"), Thinking("hm"), Delta("Hel"), Delta("lo"), Finished("stop", usage))
    )
    shown: list[Event] = []
    answer = ask(speaker, packed, LIMITS, shown.append)
    assert (answer.text, answer.reason, answer.usage) == ("Hello", "stop", usage)
    assert answer.first_token_seconds is not None
    assert shown == list(speaker.events)
    assert speaker.is_ended


def test_a_long_answer_takes_no_more_memory_than_its_text(packed: Packed) -> None:
    pieces = 100_000
    ask(_Speaker(Delta("x")), packed, LIMITS, lambda _event: None)
    speaker = _Speaker()
    speaker.events = (Delta("word ") for _ in range(pieces))
    tracemalloc.start()
    try:
        answer = ask(speaker, packed, LIMITS, lambda _event: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.text == "word " * pieces
    # While it becomes one text, it is there twice; a buffer that grows has room to spare.
    assert peak < 3 * len(answer.text) + 200_000


def test_half_a_character_stays_one(packed: Packed) -> None:
    speaker = _Speaker(Delta("\ud83d"), Delta("x"), Finished("stop", None))
    assert ask(speaker, packed, LIMITS, lambda _event: None).text == "\ud83dx"


def test_who_stops_listening_ends_the_request(packed: Packed) -> None:
    speaker = _Speaker(Delta("one"), Delta("two"))

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(speaker, packed, LIMITS, interrupt)
    assert speaker.is_ended


def test_a_broken_answer_is_told_as_one(packed: Packed) -> None:
    with pytest.raises(ReplyIncomplete) as broken:
        ask(_Speaker(Delta("half"), breaks=True), packed, LIMITS, lambda _event: None)
    assert broken.value.partial == "half"


@pytest.mark.parametrize(
    ("text", "reason", "error", "said"),
    [
        ("No.", "stop", None, ""),
        ("", "length", None, ""),
        ("", "stop", ModelRefused, "without a word"),
        (" \n", "stop", ModelRefused, "without a word"),
        ("", "tool_calls", ModelRefused, "called a tool"),
        ("", "refused", ModelRefused, "refused to answer"),
        ("I", "refused", ReplyIncomplete, "broke its answer off"),
    ],
)
def test_what_is_no_answer(
    packed: Packed, text: str, reason: str, error: type[ModelError] | None, said: str
) -> None:
    speaker = _Speaker(Thinking("hm"), Delta(text), Finished(reason, None))
    answer = ask(speaker, packed, LIMITS, lambda _: None)
    if error is None:
        check_said(answer, "speaker")
        return
    with pytest.raises(error, match=said) as refused:
        check_said(answer, "speaker")
    assert refused.value.hint
    if isinstance(refused.value, ReplyIncomplete):
        assert refused.value.partial == text


def test_the_messages_are_cut_where_their_stable_parts_end(packed: Packed) -> None:
    rules, rest = messages(packed.prompt)
    sections = {section.kind: section for section in packed.prompt.sections}
    assert rules.cuts == (len(rules.content),)
    base, overlay = sections[SectionKind.BASE].text, sections[SectionKind.OVERLAY]
    pieces = [
        rest.content[start:end] for start, end in zip((0, *rest.cuts), rest.cuts, strict=False)
    ]
    assert pieces[0] == base
    assert len(pieces) == 1 + len(overlay.entries)
    assert "".join(pieces[1:]) == overlay.text
    assert "\u00e9" in pieces[1]
    assert all(piece.endswith("\n") for piece in pieces)
    assert rest.content[rest.cuts[-1] :] == sections[SectionKind.TASK].text


def test_what_the_overlay_gains_leaves_the_cuts_before_it(
    packed: Packed, pack_of: Callable[..., Packed], root: Path
) -> None:
    before = messages(packed.prompt)[1]
    (root / "small/3.py").write_text("value = 'three'\n")
    after = messages(pack_of(root).prompt)[1]
    assert after.cuts[: len(before.cuts)] == before.cuts
    assert len(after.cuts) == len(before.cuts) + 1


def test_a_prompt_without_a_base_has_no_cuts(pack_of: Callable[..., Packed], root: Path) -> None:
    ranked = pack_of(root, mode=Mode.RANK)
    assert messages(ranked.prompt)[1].cuts == ()
    assert request_for(ranked, LIMITS).cache_key == ""


def test_the_request_counts_the_prompt_and_what_was_said_since(packed: Packed) -> None:
    turns = (Message("assistant", "x" * 400), Message("user", "again"))
    request = request_for(packed, LIMITS, 'root ::= "x"', turns)
    assert request.messages[2:] == turns
    assert (request.max_reply_tokens, request.temperature) == (100, 0.5)
    assert request.grammar == 'root ::= "x"'
    assert request.prompt_tokens == packed.prompt.total_tokens + 101


def test_the_cache_key_names_rules_and_base(
    packed: Packed, pack_of: Callable[..., Packed], root: Path
) -> None:
    key = request_for(packed, LIMITS).cache_key
    assert len(key) == 32
    asked_otherwise = pack_of(root, asked="Something else?")
    assert request_for(asked_otherwise, LIMITS).cache_key == key
    sections = tuple(
        replace(section, pieces=(b"other\n",)) if section.kind is SectionKind.BASE else section
        for section in packed.prompt.sections
    )
    other = replace(packed, prompt=replace(packed.prompt, sections=sections))
    assert request_for(other, LIMITS).cache_key != key
