from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.message_check import (
    Message,
    MessageCopied,
    MessageRefused,
    read_message,
    shortened,
)
from copilot.assist.message_style import Customs
from copilot.text import is_harmful

PLAIN = Customs(capital=True)
TYPED = Customs(types=("feat", "Fix", "FIX"), scopes=("cli", "core"), capital=False)
KNOWN = "Branch: ab-12\n=== modified a.py (+1 -0)\n+see #7 and #701\n"


def _text(reply: str, customs: Customs = PLAIN) -> str:
    return read_message(reply, customs, KNOWN).text


@pytest.mark.parametrize(
    "reply",
    [
        "Add tea",
        "\n\n  Add tea  \n\n",
        "add tea.",
        "```\nAdd tea\n```",
        "Here is the commit message:\n\n```text\nAdd tea\n```\n",
        "Sure, here it is:\n\nAdd tea",
        "**Add tea**",
        "`Add tea`",
        '"Add tea"',
        "<think>tea?\nyes</think>\nAdd tea",
        "Add tea (#123)",
        "feat(cli): add tea",
        "Add \x1b\u202etea\u200b\x07",
        "Fixed #35000 -- Add tea",
        "Add tea\n\nSigned-off-by: Ada <ada@localhost>\nCo-authored-by: Model <m@x>",
        "Add tea\n\nFixes: #99",
        "Add tea\r\n",
    ],
)
def test_what_can_be_mended_is_mended(reply: str) -> None:
    assert _text(reply) == "Add tea\n"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", "empty"),
        ("\u202e\n\x00", "empty"),
        ("Add tea\nand coffee", "second line must be blank"),
        ("Here is a nice message", "begin with the subject itself"),
        ("Subject: add tea", "begin with the subject itself"),
        ("Add " + "tea " * 40, "characters; at most 72"),
        ("# Add tea", "Add tea"),
        ("#7 is mended", "must not begin with #"),
        ("Mend the leak of #99", "names #99"),
        ("Mend the leak of #70", "names #70"),
        ("----", "says nothing"),
        ("Changes:", "says nothing"),
        ("Signed-off-by: Ada <ada@localhost>", "name nobody"),
        ("Add tea\n\n```\ncode\n```", "without fences"),
        ("Add tea\n\ndiff --git a/a b/a", "without a diff"),
        ("Add tea\n\n" + "word\n" * 80, "more than 60 lines"),
        ("Add tea\n\nMASKED_password_0123456789abcdef", "MASKED_"),
        ("Add MASKED_password_0123456789abcdef", "MASKED_"),
        ("<think>never closed\n\nAdd tea", "breaks off"),
    ],
)
def test_all_else_is_refused_with_a_reason(reply: str, why: str) -> None:
    if why == "Add tea":
        assert _text(reply) == "Add tea\n"
        return
    with pytest.raises(MessageRefused) as caught:
        _text(reply)
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("reply", "subject"),
    [
        ("feat: add tea", "feat: add tea"),
        ("FEAT(cli): add tea", "feat(cli): add tea"),
        ("fix(core)!: add tea", "Fix(core): add tea"),
        ("fix(kitchen): add tea", "Fix: add tea"),
    ],
)
def test_types_and_scopes_are_those_of_the_history(reply: str, subject: str) -> None:
    assert read_message(reply, TYPED, KNOWN).subject == subject


@pytest.mark.parametrize("reply", ["Add tea", "docs: add tea", "feat add tea"])
def test_a_type_that_the_history_does_not_know_is_refused(reply: str) -> None:
    with pytest.raises(MessageRefused, match="one of: feat, Fix, FIX"):
        read_message(reply, TYPED, KNOWN)


def test_a_breaking_change_is_said_where_that_is_known() -> None:
    breaking = Customs(types=("feat",), breaking=True)
    assert read_message("feat!: drop tea", breaking, KNOWN).subject == "feat!: drop tea"


def test_issues_are_those_that_were_shown() -> None:
    assert _text("Mend the leak of #7") == "Mend the leak of #7\n"
    past = Customs(examples=("AB-1: add tea",))
    assert read_message("AB-9: add tea", past, KNOWN).subject == "add tea"
    assert read_message("Read UTF-8", past, KNOWN).subject == "Read UTF-8"


def test_a_copied_subject_is_refused_unless_it_is_usual() -> None:
    with pytest.raises(MessageCopied):
        read_message("add TEA", Customs(once=frozenset({"add tea"})), KNOWN)


def test_bodies_are_wrapped_as_is_the_custom() -> None:
    body = "- " + "word " * 20 + "\n\n    code " + "x" * 90 + "\nlast"
    assert read_message(f"Add tea\n\n\n\n{body}", PLAIN, KNOWN).body == (
        "- " + "word " * 13 + "word\n  " + "word " * 5 + "word\n\n    code " + "x" * 90 + "\nlast"
    )
    unwrapped = Customs(body_width=None)
    assert (
        read_message(f"Add tea\n\n{'word ' * 40}", unwrapped, KNOWN).body == "word " * 39 + "word"
    )
    assert read_message(f"Add tea\n\n{body}", Customs(bodies=False), KNOWN).body == ""


def test_trailers_are_those_of_the_history_with_values_that_were_shown() -> None:
    customs = Customs(trailers=("Refs",))
    reply = "Add tea\n\nWhy: it is good.\n\nRefs: ab-12\nRefs: ab-13\nReviewed-by: Bob"
    made = read_message(reply, customs, KNOWN)
    assert made == Message("Add tea", "Why: it is good.", ("Refs: ab-12",))
    assert made.signed("Ada <a@b>").text == (
        "Add tea\n\nWhy: it is good.\n\nRefs: ab-12\nSigned-off-by: Ada <a@b>\n"
    )


def test_a_subject_that_is_too_long_is_cut_at_a_clause() -> None:
    reply = (
        "Refuse an empty list of numbers, which the mean cannot be taken of, by an error\n\nWhy."
    )
    assert (
        shortened(reply, PLAIN)
        == "Refuse an empty list of numbers, which the mean cannot be taken of"
    )
    assert shortened("x" * 99, PLAIN) == "x" * 99
    assert shortened("Add tea\n\nWhy.", PLAIN) == "Add tea\n\nWhy."


@given(st.text(max_size=300))
def test_whatever_is_taken_is_one_message(reply: str) -> None:
    for customs in (PLAIN, TYPED):
        try:
            text = read_message(reply, customs, KNOWN).text
        except MessageRefused:
            continue
        subject, _, rest = text.partition("\n")
        assert 0 < len(subject) <= customs.subject_limit
        assert subject == subject.strip()
        assert rest == "" or rest.startswith("\n")
        assert not any(one != "\n" and is_harmful(one) for one in text)
        assert "Signed-off-by: " not in text
