"""A task in one or more rounds: what the model got wrong goes back to it, on the same prompt."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.assist.propose import Proposal
from copilot.assist.repair import asks_to_pass
from copilot.cli.conversation import Conversation, said_left
from copilot.cli.decided import tally
from copilot.cli.land import Landed, Landing, land, put_refused, put_result
from copilot.cli.reviewing import Reviewing
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.errors import CopilotError, EditsRefused

_UNUSED = {"nothing applied", "check failed", "pending"}


@dataclass(frozen=True)
class Chances:
    """How often refused edits go back to the model for each proposal, and how often a failed
    check does.
    """

    repairs: int = 2
    checks: int = 2


def run_rounds(talk: Conversation, landing: Landing, chances: Chances) -> Landed:
    """Ask, place, review and write; what fails goes back to the model as often as it may.

    Raises CopilotError; the reply is then kept.
    """
    landed: Landed | None = None
    try:
        talk.ask()
        landed = _landed(talk, landing, chances)
    except CopilotError as error:
        if file := talk.keep():
            error.hint = f"{error.hint}; {talk.said_kept(file)}".removeprefix("; ")
        raise
    finally:
        decided = tally(landed.decided) if landed and landed.decided else None
        talk.record(landed.outcome if landed else "refused", decided)
    kept = talk.keep(landed.proposal) if landed.outcome in _UNUSED else None
    if kept:
        say(talk.said_kept(kept))
    put_result(landed, talk.setup, landing, kept)
    return landed


def _landed(talk: Conversation, landing: Landing, chances: Chances) -> Landed:
    """Land the model's edits; where the user's check fails, those that it sends next."""
    left = chances.checks
    while True:
        proposal = _proposed(talk, landing, chances.repairs)
        outside = Reviewing(talk.setup, proposal, talk, chances.repairs)
        landed = land(proposal, talk.setup, landing, outside)
        if landed.check is None or landed.check.passed or landing.check is None or not left:
            return landed
        left -= 1
        request = asks_to_pass(
            landing.check.command,
            landed.check,
            talk.prompts,
            talk.setup.masker,
            partly=not landed.is_whole,
        )
        if not talk.has_room_for(request):
            say("the model's window has no room for another round")
            return landed
        say(f"asking again, with what the check printed ({said_left(left)})")
        # All edits come again, for the files as they are.
        talk.standing = ChangeSet()
        talk.ask_on(request)


def _proposed(talk: Conversation, landing: Landing, repairs: int) -> Proposal:
    """Return what the model proposes; as JSON, a refusal is told on stdout too."""
    try:
        return talk.proposed(repairs)
    except EditsRefused as refusal:
        if landing.as_json:
            put_refused(talk.made, refusal.message)
        raise
