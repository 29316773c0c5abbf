"""Suggested changes placed on files: all that find a place together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.assist.propose import Ground, Proposal, attempt
from copilot.assist.reviewing.finding import Finding
from copilot.assist.reviewing.suggestions import operation_of
from copilot.edits.operations import Replace, Reply
from copilot.text import one_line


@dataclass(frozen=True)
class Suggested:
    """What findings suggest, as a proposal for the review, and which of them have no place."""

    proposal: Proposal | None
    refused: tuple[tuple[Finding, str], ...] = ()


def suggested(findings: Sequence[Finding], ground: Ground) -> Suggested:
    """Place what findings suggest; one that has no place, or none beside the others, is left out.

    Raises GitFailed.
    """
    pairs = [(finding, one) for finding in findings if (one := operation_of(finding))]
    refused: list[tuple[Finding, str]] = []
    taken: list[Replace] = []
    proposal = _placed([one for _, one in pairs], ground)
    if isinstance(proposal, Proposal):
        return Suggested(proposal)
    best: Proposal | None = None
    for finding, one in pairs:
        made = _placed([*taken, one], ground)
        if isinstance(made, Proposal):
            best, taken = made, [*taken, one]
        else:
            refused.append((finding, made))
    return Suggested(best, tuple(refused))


def _placed(operations: Sequence[Replace], ground: Ground) -> Proposal | str:
    """Return the proposal of these edits, or why they cannot be placed."""
    if not operations:
        return "nothing is suggested"
    numbered = tuple(replace(one, line=number) for number, one in enumerate(operations, 1))
    made = attempt(Reply(numbered, "", None, len(operations)), ground)
    if made.refusals:
        return one_line(made.refusals[-1].reason)
    return made.proposal()
