"""A task in one or more rounds: what the model got wrong goes back to it, on the same prompt."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from copilot.assist.ask import Answer, Interrupted
from copilot.assist.check import CheckCommand
from copilot.assist.constrained import (
    NO_EDITS,
    Files,
    all_files,
    asks_for_blocks,
    asks_for_files,
    blocks_grammar,
    files_grammar,
    named_files,
    settled,
)
from copilot.assist.marks import without_marks
from copilot.assist.propose import Attempt, Ground, Proposal, attempt, read_reply
from copilot.assist.repair import asks_for_form, asks_to_mend, asks_to_pass, mended, turns
from copilot.assist.witness import Witness
from copilot.backends.protocol import Message
from copilot.cli.answer import hear
from copilot.cli.fit import refit
from copilot.cli.keep import keep_reply
from copilot.cli.land import Landed, Landing, land, put_refused, put_result
from copilot.cli.prepare import Question, agree, record
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.show import say_usage
from copilot.cli.talk import say
from copilot.errors import BudgetExceeded, CopilotError, EditsRefused, ReplyIncomplete
from copilot.text import one_line

# Characters that a token of code stands for at least, on the average.
_CHARACTERS_PER_TOKEN = 2


@dataclass(frozen=True)
class Chances:
    """How often refused edits go back to the model for each proposal, and how often a failed
    check does.
    """

    repairs: int = 2
    checks: int = 2


@dataclass
class Conversation:
    """A question to a model and what was said since; `turns` are those behind the prompt.

    If it `is_constrained`, grammars hold the model to a list of `files` first, where they are many,
    then to blocks.
    """

    setup: Setup
    ready: Ready
    question: Question
    task: str
    turns: tuple[Message, ...] = ()
    answer: Answer | None = None
    is_constrained: bool = False
    files: Files | None = None

    def ask(self) -> Answer:
        """Ask the model and show what it says. Raises ModelError."""
        try:
            self.answer = self._heard()
        except BudgetExceeded as refusal:
            if self.answer is not None:
                raise
            self.turns, self.files = (), None
            self.question, self.ready = refit(
                self.setup, self.ready, "edit", self.task, self.question, refusal
            )
            self.answer = self._heard()
        say("")
        say_usage(self.answer)
        return self.answer

    def _heard(self) -> Answer:
        try:
            if self.is_constrained and self.files is None:
                self.files = all_files(self.question.packed)
            if self.is_constrained and self.files is None:
                listed = self._listed()
                self.files = self._named(listed)
                if not self.files.listed:
                    return replace(listed, text=NO_EDITS)
                self._record(listed, "files named")
            return hear(self.question, self.ready, grammar=self._grammar(), turns=self.turns)
        except (ReplyIncomplete, Interrupted) as stop:
            if stop.partial:
                file = keep_reply(self.setup.paths.replies, stop.partial)
                say(f"\nthe partial reply is kept, to be read: {file}")
            raise

    def _listed(self) -> Answer:
        """Let the model name the files that it will change."""
        grammar = files_grammar(self.question.packed)
        asked = (asks_for_files(self.prompts),)
        return hear(self.question, self.ready, lambda _text: None, grammar, asked)

    def _named(self, listed: Answer) -> Files:
        """Read and say which they are, and go on from there."""
        files = named_files(listed.text, self.question.packed)
        blocks = asks_for_blocks(listed.text, files, self.prompts)
        self.turns = (asks_for_files(self.prompts), *blocks)
        names = ", ".join(one_line(name) for name in files.listed)
        say(f"the model will change: {names or 'nothing'}")
        for why in files.left_out:
            say(f"left out: {why}")
        return files

    def _grammar(self) -> str | None:
        if self.files is None:
            return None
        again = self.answer is not None
        grammar = blocks_grammar(self.question.packed, self.files, again=again)
        if grammar is None:
            say("these files are too long for a grammar: the edits are written freely")
        return grammar

    def ask_on(self, request: str) -> Answer:
        """Send the answer back with a request. Raises ModelError, PolicyRefused."""
        if self.answer is None:
            return self.ask()
        self.record("sent back")
        self.turns += turns(self.answer.text, request)
        agree(self.setup, self.ready, self._tokens(), self._tokens() - len(request))
        return self.ask()

    def judge_by(self, check: CheckCommand | None) -> None:
        """Let the user's check judge the answers of an ensemble that gives the best of several."""
        if not self.ready.chosen.members:
            return
        from copilot.assist.best_of import Trial
        from copilot.assist.ensembles import set_judge
        from copilot.assist.judge import judge_of

        trial = Trial(self.setup.roots, check, os.environ, say)
        judge = judge_of(
            self._interpreted, trial, self.setup.masker, lambda report: say(str(report))
        )
        set_judge(self.ready.backend, judge)

    def _interpreted(self, text: str) -> Attempt:
        """Place the edits of a reply, whose line of marks counts for nothing."""
        words = self.question.packed.words
        bare = without_marks(text, words).text if words else text
        return attempt(read_reply(bare, self.marker), self.ground)

    def has_room_for(self, request: str) -> bool:
        """Tell whether the model's window holds the conversation, this request and an answer."""
        window = self.ready.window
        more = len(request) // _CHARACTERS_PER_TOKEN + self.ready.limits.max_reply_tokens
        return window is None or self._tokens() + more <= window

    def record(self, outcome: str) -> None:
        """Write the last answer into the runs file."""
        if self.answer is not None:
            self._record(self.answer, outcome)

    def _record(self, answer: Answer, outcome: str) -> None:
        record(self.setup, "edit", self.task, self.question, self.ready, answer, outcome)

    def kept(self) -> str:
        """Keep the last reply in a file and say how to use it."""
        if self.answer is None:
            return ""
        file = keep_reply(self.setup.paths.replies, self.answer.text)
        roots = [part for one in self.setup.roots for part in ("-R", f"{one.alias}={one.path}")]
        limit = "the reply ran into its limit of tokens; " if self.answer.cut_off else ""
        return f"{limit}the reply is kept: {shlex.join(['copilot', 'apply', *roots, str(file)])}"

    @property
    def ground(self) -> Ground:
        masker = self.setup.masker
        witness = Witness(self.question.packed, masker)
        return Ground(self.setup.roots, frozenset(self.setup.read_only), masker, witness)

    @property
    def marker(self) -> int:
        return self.question.packed.prompt.frame.marker

    @property
    def prompts(self) -> Path:
        return self.setup.paths.prompts

    def _tokens(self) -> int:
        """Return about how many tokens the prompt and what was said since are."""
        said = sum(len(turn.content) for turn in self.turns)
        said += len(self.answer.text) if self.answer else 0
        return self.question.packed.prompt.total_tokens + said // _CHARACTERS_PER_TOKEN


def run_rounds(talk: Conversation, landing: Landing, chances: Chances) -> Landed:
    """Ask, place, review and write; what fails goes back to the model as often as it may.

    Raises CopilotError; the reply is then kept.
    """
    outcome = "refused"
    try:
        talk.ask()
        landed, proposal = _landed(talk, landing, chances)
        outcome = landed.outcome
    except CopilotError as error:
        if talk.answer is not None:
            error.hint = f"{error.hint}; {talk.kept()}".removeprefix("; ")
        raise
    finally:
        talk.record(outcome)
    if landed.outcome in {"nothing applied", "check failed", "pending"}:
        say(talk.kept())
    put_result(landed, proposal, talk.setup, landing)
    return landed


def _landed(talk: Conversation, landing: Landing, chances: Chances) -> tuple[Landed, Proposal]:
    """Land the model's edits; where the user's check fails, those that it sends next."""
    left = chances.checks
    while True:
        proposal = _proposed(talk, landing, chances.repairs)
        landed = land(proposal, talk.setup, landing)
        if landed.check is None or landed.check.passed or landing.check is None or not left:
            return landed, proposal
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
            return landed, proposal
        say(f"asking again, with what the check printed ({_left(left)})")
        talk.ask_on(request)


def _proposed(talk: Conversation, landing: Landing, repairs: int) -> Proposal:
    """Return what the model proposes; edits without a place go back to it. Raises EditsRefused."""
    trial = _tried(talk, None)
    while isinstance(trial, _Failure):
        if not repairs or not _can_go_on(talk, trial.request):
            if landing.as_json:
                put_refused(trial.made, trial.refusal.message)
            raise trial.refusal
        repairs -= 1
        say(trial.refusal.message)
        say(f"asking again, with the reasons ({_left(repairs)})")
        talk.ask_on(trial.request)
        trial = _tried(talk, trial.made)
    return trial


@dataclass(frozen=True)
class _Failure:
    """What became of edits that were refused, and what to ask the model then."""

    made: Attempt | None
    refusal: EditsRefused
    request: str


def _tried(talk: Conversation, earlier: Attempt | None) -> Proposal | _Failure:
    """Place the last reply's edits, those of an `earlier` one with them."""
    try:
        reply = read_reply(talk.answer.text if talk.answer else "", talk.marker)
    except EditsRefused as refusal:
        return _Failure(earlier, refusal, asks_for_form(refusal, talk.prompts))
    if talk.files is not None:
        sound = settled(reply, talk.question.packed)
        for why in sound.left_out:
            say(f"left out: {why}")
        reply = sound.reply
    made = attempt(mended(earlier, reply) if earlier else reply, talk.ground)
    try:
        return made.proposal()
    except EditsRefused as refusal:
        return _Failure(made, refusal, asks_to_mend(made, talk.prompts))


def _can_go_on(talk: Conversation, request: str) -> bool:
    """Tell whether asking again makes sense: not for a reply that ran into its limit."""
    return bool(talk.answer and not talk.answer.cut_off) and talk.has_room_for(request)


def _left(times: int) -> str:
    return f"{times} more after that" if times else "for the last time"
