"""Edits in a session: asked for, placed, reviewed elsewhere, and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from copilot.assist.propose import Proposal
from copilot.assist.session.protocol import Edit, Kind, Show, Turn
from copilot.cli.conversation import Conversation
from copilot.cli.decided import tally
from copilot.cli.decisions import patch_of
from copilot.cli.land import check_of
from copilot.cli.reviewing import Reviewing
from copilot.cli.session_core import Core, Work, ignore, with_answer
from copilot.cli.session_land import land_review
from copilot.cli.talk import say
from copilot.errors import CopilotError, EditsRefused
from copilot.review.state import Review, start

_REPAIRS = 2


@dataclass
class UnderReview:
    """Changes that are being decided: their turn, what they are for, and who can be asked on."""

    turn: Turn
    label: str
    outside: Reviewing
    talk: Conversation | None = None


class Editing(Core):
    """A session in which code is changed."""

    _pending: UnderReview | None = None
    _show_again: Show = staticmethod(ignore)

    def edit(self, text: str, show: Show) -> Edit:
        with self._working(show) as work:
            turn = self._kept.begin(Kind.EDIT, text, self._model.name)
            talk: Conversation | None = None
            try:
                ready, question = self._question("edit", text, work)
                talk = Conversation(
                    self._setup,
                    ready,
                    question,
                    text,
                    is_constrained=ready.facts.follows_grammar,
                    listener=work.heard.listen,
                )
                talk.judge_by(check_of(self._setup, None, no_check=False, whom=self._model.whom))
                talk.ask()
                proposal = talk.proposed(_REPAIRS)
            except EditsRefused as refusal:
                return Edit(self._refused(turn, work, talk, refusal))
            except (CopilotError, KeyboardInterrupt) as stop:
                return Edit(self._stopped(turn, work, stop))
            return self._proposed(turn, work, talk, proposal)

    def apply(self, review: Review) -> Turn:
        with self._working(ignore) as work:
            pending = self._pending
            if pending is None:
                turn = self._kept.begin(Kind.ERROR, "", "")
                return self._kept.end(replace(turn, answer="there is no edit under review"))
            talk, turn = pending.talk, self._turn(pending.turn.number)
            agrees = self._answer or (lambda _question: False)
            check = check_of(self._setup, None, no_check=False, whom=self._model.whom)
            try:
                landed = land_review(review, self._setup, check, agrees, pending.label)
            except CopilotError as error:
                say(error.message)
                turn = replace(turn, outcome="not applied", hint=error.hint or error.message)
                return self._kept.land(_with_said(turn, work), None)
            outcome = "applied" if landed.transaction else "nothing applied"
            if talk is not None:
                talk.record(outcome, tally(review))
            self._pending = None
            pending.outside.settled()
            turn = replace(turn, outcome=landed.outcome, hint=landed.hint)
            return self._kept.land(_with_said(turn, work), landed.transaction)

    def _proposed(self, turn: Turn, work: Work, talk: Conversation, proposal: Proposal) -> Edit:
        self._take_talk(talk)
        for name in proposal.already_applied:
            say(f"already there, nothing to do: {name}")
        if not proposal.changes:
            say("nothing to change")
            talk.record("nothing to change")
            turn = replace(turn, outcome="nothing to change")
            return Edit(self._kept.end(self._answered_turn(turn, talk, work)), None, proposal)
        turn = self._kept.end(self._answered_turn(turn, talk, work))
        return self._to_decide(turn, proposal, talk.task, talk)

    def _to_decide(
        self, turn: Turn, proposal: Proposal, label: str, talk: Conversation | None = None
    ) -> Edit:
        """Return changes for the person to decide; what is decided is kept until `apply`."""
        patch = patch_of(self._setup.paths.decisions, self._kept.id, turn.number)
        outside = SessionOutside(self._setup, proposal, talk, _REPAIRS, patch=patch, session=self)
        self._pending = UnderReview(turn, label, outside, talk)
        review = outside.begin(start(proposal.changes, proposal.flags))
        return Edit(turn, review, proposal, outside)

    def _refused(
        self, turn: Turn, work: Work, talk: Conversation | None, refusal: EditsRefused
    ) -> Turn:
        """End a turn whose edits have no place; the conversation knows of it."""
        if talk is None or talk.answer is None:
            return self._stopped(turn, work, refusal)
        talk.record("refused")
        self._take_talk(talk)
        file = talk.keep()
        kept = f"; {talk.said_kept(file)}" if file else ""
        hint = f"{refusal.hint}{kept}".removeprefix("; ")
        answered = self._answered_turn(turn, talk, work)
        earlier = (*answered.earlier, answered.answer)
        failed = replace(
            answered, kind=Kind.ERROR, answer=refusal.message, earlier=earlier, hint=hint
        )
        return self._kept.end(failed)

    def _take_talk(self, talk: Conversation) -> None:
        """Let the session's conversation stand where that of the edit does."""
        answer = talk.answer.text if talk.answer else ""
        self._model.narrow(talk.ready)
        self._take(talk.question, talk.ready, talk.turns, answer)

    def _answered_turn(self, turn: Turn, talk: Conversation, work: Work) -> Turn:
        if talk.answer is None:
            return replace(turn, said=tuple(work.said))
        return with_answer(turn, talk.answer, talk.ready, work)

    def _turn(self, number: int) -> Turn:
        return next(turn for turn in self._kept.turns if turn.number == number)

    @property
    def shows_again(self) -> Show:
        """What shows an answer to a review, where the reviewer does not."""
        return self._show_again

    def ask_on(self, ask: Callable[[Show], Review], show: Show) -> Review:
        """Let the model answer the review of its edit; its turn tells of that too."""
        with self._working(show) as work:
            pending = self._pending
            if pending is None or pending.talk is None:
                return ask(work.heard.listen)
            turn = self._turn(pending.turn.number)
            self._kept.reopen(turn)
            is_done = False
            try:
                review = ask(work.heard.listen)
                is_done = True
            finally:
                self._kept.end_again(_gone_on(turn, work, is_done=is_done))
            self._take_talk(pending.talk)
            return review


@dataclass
class SessionOutside(Reviewing):
    """What a review in a session asks of the world: what the model answers is kept."""

    session: Editing | None = None

    def asked_again(self, review: Review, show: Show | None) -> Review:
        if self.session is None:
            return super().asked_again(review, show)
        shown = show or self.session.shows_again
        return self.session.ask_on(partial(super().asked_again, review), shown)


def _gone_on(turn: Turn, work: Work, *, is_done: bool) -> Turn:
    """Return the turn with the next answer in the place of the last, if it could be used."""
    texts = [text for text in (*work.heard.earlier, work.heard.text) if text]
    said = (*turn.said, *work.said)
    if not texts:
        return replace(turn, said=said)
    if not is_done:
        return replace(turn, earlier=(*turn.earlier, *texts), said=said)
    return replace(
        turn, answer=texts[-1], earlier=(*turn.earlier, turn.answer, *texts[:-1]), said=said
    )


def _with_said(turn: Turn, work: Work) -> Turn:
    return replace(turn, said=(*turn.said, *work.said))
