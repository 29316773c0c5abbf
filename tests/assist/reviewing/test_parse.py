"""A reply is read strictly: white space and fences apart, what is not in the form breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.assist.reviewing.parse import BROKEN_OFF, NOT_IN_FORM, Heard, parse_review

FINDING = """\
FINDING
file: app/shop.py
line: 12
evidence:
> return total / count
claim: count may be 0.
severity: error
category: correctness
END FINDING
"""
SUGGESTION = """\
suggestion:
app/shop.py
<<<<<<< SEARCH
END FINDING
=======
FINDING
>>>>>>> REPLACE
"""
WHOLE = f"HUNK 1: looked at\nHUNK 2: looked at\n{FINDING}END OF REVIEW: 2 hunks, 1 finding\n"


def heard(reply: str, *hunks: int) -> Heard:
    return parse_review(reply, hunks or (1, 2))


def test_a_whole_reply() -> None:
    found = heard(WHOLE)
    assert (found.looked_at, found.broken, found.dropped) == (frozenset({1, 2}), "", ())
    (one,) = found.claimed
    assert (one.file, one.lines, one.quote) == (
        "app/shop.py",
        (12, 12),
        ("return total / count",),
    )
    assert (one.claim, one.severity, one.category) == ("count may be 0.", "error", "correctness")


def test_a_line_may_say_what_a_hunk_does() -> None:
    reply = WHOLE.replace("HUNK 1: looked at\n", "HUNK 1: looked at: it adds, and HUNK 2: not\n")
    assert dict(heard(reply).told) == {1: "it adds, and HUNK 2: not", 2: ""}


def test_white_space_fences_and_thinking_do_not_count() -> None:
    odd = (
        WHOLE.replace("\n", "  \r\n\n")
        .replace("claim:", "  claim: ")
        .replace("> return", ">return")
    )
    reply = (
        f"<think>\nall is well\nEND OF REVIEW: 0 hunks, 0 findings\n</think>\n```text\n{odd}```\n"
    )
    found = heard(reply)
    assert found.broken == ""
    assert found.looked_at == {1, 2}
    assert found.claimed[0].quote == ("return total / count",)


def test_a_suggestion_may_hold_words_of_the_form() -> None:
    reply = WHOLE.replace("category: correctness\n", f"category: correctness\n{SUGGESTION}")
    found = heard(reply)
    assert found.broken == ""
    assert found.claimed[0].suggestion == SUGGESTION.removeprefix("suggestion:\n")


def test_the_order_of_fields_is_free_and_lines_may_be_a_span() -> None:
    lines = FINDING.splitlines()
    head, tail = lines[:1], lines[-1:]
    middle = [*lines[5:-1], *lines[1:5]]
    reply = WHOLE.replace(FINDING, "\n".join([*head, *middle, *tail, ""]))
    found = heard(reply.replace("line: 12", "line: 12-14"))
    assert found.claimed[0].lines == (12, 14)
    assert found.broken == ""


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("", BROKEN_OFF),
        ("I cannot help with that.", BROKEN_OFF),
        ("LGTM!\nEND OF REVIEW: 0 hunks, 0 findings", "a line of it is not in the form"),
        (WHOLE.replace("2 hunks", "3 hunks"), "its closing line counts otherwise"),
        (WHOLE.replace("1 finding\n", "0 findings\n"), "its closing line counts otherwise"),
        (WHOLE + "All good.\n", "something stands behind the closing line"),
        (WHOLE + WHOLE, "something stands behind the closing line"),
        (WHOLE.replace("HUNK 2", "HUNK 9"), "it names a hunk 9 that there is not"),
        (WHOLE.replace("HUNK 2: looked at", "HUNK 2: fine"), "a line of it is not in the form"),
        (WHOLE.replace("END FINDING\n", ""), "a finding in it is not in the form"),
        (WHOLE.replace("claim: count may be 0.\n", ""), "a finding in it is not in the form"),
        (WHOLE.replace("line: 12", "line: twelve"), "a finding in it is not in the form"),
        (WHOLE.replace("claim:", "thought: no\nclaim:"), "a finding in it is not in the form"),
        ('{"findings": []}', BROKEN_OFF),
        ("<think>\nnever closed\n" + WHOLE, BROKEN_OFF),
    ],
)
def test_what_is_not_in_the_form(reply: str, why: str) -> None:
    assert heard(reply).broken == why


def test_what_is_not_in_the_form_takes_nothing_from_what_is() -> None:
    bad = FINDING.replace("severity: error\n", "")
    said = "HUNK 1: looked at\nHUNK 2: not looked at\n"
    reply = f"{said}{bad}{FINDING}END OF REVIEW: 2 hunks, 2 findings\n"
    found = heard(reply)
    assert len(found.claimed) == 1
    assert [one.reason for one in found.dropped] == [NOT_IN_FORM]
    assert found.looked_at == {1}


def test_a_hunk_that_is_said_to_be_both_was_not_looked_at() -> None:
    reply = "HUNK 1: looked at\nHUNK 1: not looked at\nEND OF REVIEW: 1 hunk, 0 findings\n"
    assert heard(reply, 1).looked_at == frozenset()


@given(st.integers(0, len(WHOLE) - 1))
def test_wherever_a_reply_breaks_off_it_is_seen(at: int) -> None:
    # Only the closing line's own end may be missing.
    is_whole = WHOLE[:at].rstrip() == WHOLE.rstrip()
    assert (heard(WHOLE[:at]).broken == "") is is_whole


@given(st.text(max_size=300))
def test_no_text_is_a_pass_by_chance(text: str) -> None:
    found = heard(text)
    assert found.broken or "END OF REVIEW" in text
