"""Reviews in a session: the findings are a turn, what they suggest is decided like an edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from copilot.assist.propose import Proposal
from copilot.assist.reviewing.finding import Finding, ReviewResult
from copilot.assist.reviewing.out_text import text_of
from copilot.assist.session.protocol import Edit, Kind, Show, Turn
from copilot.backends.protocol import Delta, Event, Finished, Thinking, Usage, Waiting
from copilot.cli.log_run import cost_of_answer
from copilot.cli.review import MOST_REQUESTS, one_root, reviewed
from copilot.cli.review_ask import ask_for_review
from copilot.cli.review_land import Way, proposal_of
from copilot.cli.session_core import Work
from copilot.cli.session_edit import Editing
from copilot.cli.talk import say
from copilot.errors import CopilotError, UsageError
from copilot.text import one_line
from copilot.workspace.changes_of import Changes, What, range_of, read_diff


class Checking(Editing):
    """A session in which changes are reviewed."""

    def review(self, text: str, show: Show) -> Edit:
        with self._working(show) as work:
            turn = self._kept.begin(Kind.REVIEW, f"/review {text}".strip(), self._model.name)
            try:
                turn, findings = self._reviewed(turn, text, show)
                return self._suggested(turn, findings, work)
            except (CopilotError, KeyboardInterrupt) as stop:
                return Edit(self._stopped(turn, work, stop))

    def _reviewed(self, turn: Turn, text: str, show: Show) -> tuple[Turn, Sequence[Finding]]:
        """Return the turn with what was found, and the findings. Raises CopilotError."""
        root, changes = one_root(self._setup), changes_of(text)
        diff = read_diff(root, changes)

        def ask(fixed: Sequence[Finding]) -> ReviewResult:
            ready = self._model.ready()
            if self._is_cancelled.is_set():
                raise KeyboardInterrupt
            heard = _without_text(show)
            return ask_for_review(
                self._setup, ready, root, changes, diff, fixed, MOST_REQUESTS, heard
            )

        result = reviewed(self._setup, root, diff, ask)
        self._model.forget_past()
        return self._told(turn, text_of(result, diff), result), result.findings

    def _told(self, turn: Turn, text: str, result: ReviewResult) -> Turn:
        ready = self._model.connected
        turn = replace(turn, answer=text, seconds=result.seconds)
        if ready is None or not result.prompt_tokens:
            return turn
        cached = result.cached_tokens or None
        usage = Usage(result.prompt_tokens, result.reply_tokens, cached)
        payer = (ready.chosen.members or (ready.chosen,))[0]
        cost = cost_of_answer(ready.chosen, usage)
        return replace(turn, usage=usage, cost=cost, currency=payer.settings.currency)

    def _suggested(self, turn: Turn, findings: Sequence[Finding], work: Work) -> Edit:
        """End the turn; what the findings suggest, and has a place, is to be decided."""
        proposal = None
        if any(one.suggestion for one in findings):
            proposal = self._placed(findings)
            if proposal is None:
                say("no change is suggested that could be made")
        turn = self._kept.end(replace(turn, said=tuple(work.said)))
        if proposal is None:
            return Edit(turn)
        return self._to_decide(turn, proposal, turn.asked)

    def _placed(self, findings: Sequence[Finding]) -> Proposal | None:
        """Return what findings suggest for the files as they are; the findings stand without."""
        try:
            return proposal_of(findings, self._setup, one_root(self._setup), Way(on_index=False))
        except CopilotError as error:
            say(error.message)
            return None


def changes_of(text: str) -> Changes:
    """Return what is to be reviewed, from what stands behind `/review`. Raises UsageError."""
    words = text.split()
    if len(words) > 1:
        raise UsageError(
            f"not understood: {one_line(text)}", "say /review, /review --worktree or /review A..B"
        )
    if not words or words[0] == "--staged":
        return Changes(What.STAGED)
    if words[0] == "--worktree":
        return Changes(What.WORK_TREE)
    return range_of(words[0])


def _without_text(show: Show) -> Callable[[Event], None]:
    """Pass events on without what the model writes: what is not checked yet is no finding."""
    return partial(_shown, show)


def _shown(show: Show, event: Event) -> None:
    if isinstance(event, Waiting):
        say(str(event))
    if isinstance(event, Delta):
        show(Thinking(""))
    elif not isinstance(event, Finished):
        show(event)
