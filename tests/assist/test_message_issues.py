"""Issues that nobody told the model of are taken out of a message, or refuse it."""

from __future__ import annotations

import pytest

from copilot.assist.message_check import IssueInvented, MessageRefused, read_message, subject_alone
from copilot.assist.message_issues import Issues
from copilot.assist.message_style import Customs

PLAIN = Customs(capital=True)
PAST = Customs(capital=True, examples=("AB-1: Add tea",))
KNOWN = "Branch: proj-55-tea\n=== modified a.py (+1 -0)\n+see #7, utf-8\n"


@pytest.mark.parametrize(
    ("reply", "made"),
    [
        ("PROJ-56: Add tea", "Add tea"),
        ("[PROJ-56] add tea", "Add tea"),
        ("PROJ-56 - add tea", "Add tea"),
        ("PROJ-55: Add tea", "PROJ-55: Add tea"),
        ("UTF-8: Read it", "UTF-8: Read it"),
        ("SHA-256 sums are compared", "SHA-256 sums are compared"),
        ("Add tea (PROJ-56)", "Add tea"),
        ("Add tea [fixes #8]", "Add tea"),
        ("Add tea\n\nFixes #123", "Add tea"),
        ("Add tea\n\nCloses #8, PROJ-56", "Add tea"),
        ("Add tea\n\nWhy.\n\n- See also #8 and #9.", "Add tea\n\nWhy."),
        ("Add tea\n\nhttps://example.com/o/r/issues/8", "Add tea"),
        ("Add tea\n\nWhy (see #8) it is good.", "Add tea\n\nWhy it is good."),
        ("Add tea\n\nFixes #7", "Add tea\n\nFixes #7"),
        ("Add tea\n\nFixes PROJ-55", "Add tea\n\nFixes PROJ-55"),
        ("Add tea\n\nAs UTF-8, by SHA-256.", "Add tea\n\nAs UTF-8, by SHA-256."),
        ("Hash tea (SHA-256)\n\nFor RFC-9.", "Hash tea (SHA-256)\n\nFor RFC-9."),
        ("Add tea\n\nC#7 and &#8; are none.", "Add tea\n\nC#7 and &#8; are none."),
        ("Fixed #8 -- Add tea", "Add tea"),
        ("Issue #8: Add tea", "Add tea"),
        ("Add tea (owner/repo#8)", "Add tea"),
        ("Add tea\n\nFixes owner/repo#8", "Add tea"),
        ("Add tea\n\nFixes gh#8, !9", "Add tea"),
        ("ABC-8 add tea", "Add tea"),
        ("Add tea\n\nIf a != 8, as #7 says.", "Add tea\n\nIf a != 8, as #7 says."),
    ],
)
def test_what_can_be_taken_out_is_taken_out(reply: str, made: str) -> None:
    assert read_message(reply, PLAIN, KNOWN).text == f"{made}\n"


def test_behind_a_type_too() -> None:
    typed = Customs(types=("feat",))
    assert read_message("feat: PROJ-56: add tea", typed, KNOWN).subject == "feat: add tea"


@pytest.mark.parametrize(
    ("reply", "issue"),
    [
        ("Add tea\n\nThis is the end of #44, for good.", "#44"),
        ("Add tea\n\nIt fixes PROJ-56 for good.", "PROJ-56"),
        ("Add tea\n\nFixes #7, #8", "#8"),
        ("Add tea\n\nIt is what GH-9 wanted.", "GH-9"),
        ("Add tea\n\nAs AB-2 said.", "AB-2"),
        ("Add tea\n\nIt was !9.", "!9"),
        ("Add tea\n\nThis mends ABC-123 for good.", "ABC-123"),
        ("Add tea\n\nSee owner/repo#8 for it.", "owner/repo#8"),
        ("Add tea\n\nFixes #12\nABC-9 done", "ABC-9"),
        ("Add tea\n\nMore at https://example.com/o/r/pull/9 .", "https://example.com/o/r/pull/9"),
    ],
)
def test_what_stands_in_a_sentence_is_refused(reply: str, issue: str) -> None:
    with pytest.raises(IssueInvented, match=f"names {issue}; leave it out"):
        read_message(reply, PAST, KNOWN)
    assert read_message(subject_alone(reply), PAST, KNOWN).text == "Add tea\n"


@pytest.mark.parametrize(
    "subject", ["Mend what #44 broke", "Drop #44 workaround", "Fix #44 rounding", "Revert #44: tea"]
)
def test_a_subject_that_speaks_of_one_is_refused(subject: str) -> None:
    with pytest.raises(MessageRefused, match="names #44"):
        read_message(subject, PLAIN, KNOWN)


def test_what_the_history_takes_for_a_project_is_one() -> None:
    past = Customs(capital=True, examples=("UTF-1: Add tea",))
    assert read_message("UTF-9: add tea", past, KNOWN).subject == "Add tea"


@pytest.mark.parametrize("piece", ["fix ", " ", "#1 , ", "http://", "(#1"])
def test_no_text_is_tried_in_all_ways(piece: str) -> None:
    """A pattern that does would take hours here."""
    text = piece * 20_000 + "!"
    issues = Issues("", ())
    assert not issues.is_aside(text)
    assert len(issues.without_asides(text)) == len(text)
    assert len(list(issues.invented(text[:4_000]))) < 4_000
