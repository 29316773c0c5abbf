"""Answers behind a prompt, whatever they hold."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from copilot.backends.ensembles.words import behind
from copilot.backends.protocol import Message, Request

TEMPLATE = "{{tag}}|{{count}}|{{answers}}|end"
_TEXTS = st.lists(
    st.text(max_size=30)
    | st.sampled_from(["</answer-", '<answer-0 number="2">', "{{answers}}", "<think>x</think>y"]),
    min_size=1,
    max_size=5,
)


@given(st.text(max_size=50), _TEXTS)
def test_no_answer_can_pass_for_another(prompt: str, texts: list[str]) -> None:
    request = Request((Message("system", "s"), Message("user", prompt, (1, 2))), 5)
    made = behind(request, texts, TEMPLATE)
    system, user = made.messages
    assert (system, user.cuts) == (request.messages[0], (1, 2))
    assert user.content.startswith(prompt)
    tag, count, rest = user.content[len(prompt) :].lstrip("\n").split("|", 2)
    assert count == str(len(texts))
    assert not any(tag in text for text in (prompt, *texts))
    numbers = re.findall(rf'^<{tag} number="(\d+)">$', rest, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(texts) + 1)]
    assert len(re.findall(rf"^</{tag}>", rest, re.MULTILINE)) == len(texts)
    assert behind(request, texts, TEMPLATE) == made


def test_a_conversation_goes_on_behind_its_last_message() -> None:
    turns = (Message("user", "p"), Message("assistant", "a"), Message("user", "mend it"))
    made = behind(Request(turns, 5), ["x"], "{{answers}}")
    assert made.messages[:2] == turns[:2]
    assert made.messages[2].content.startswith("mend it\n\n<answer-")
    added = behind(Request(turns[:2], 5), ["x"], "{{answers}}")
    assert added.messages[:2] == turns[:2]
    assert added.messages[2].content.startswith("<answer-")


def test_a_tag_that_an_answer_guessed_is_not_used() -> None:
    request = Request((Message("user", "p"),), 5)
    first = behind(request, ["x"], "{{tag}}").messages[0].content.split("\n")[-1]
    second = behind(request, [first], "{{tag}}").messages[0].content.split("\n")[-1]
    assert first != second
