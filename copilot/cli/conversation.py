"""A question to a model and what was said since, on one prompt, so that its cache serves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from copilot.assist.again import with_standing
from copilot.assist.ask import Answer, Interrupted
from copilot.assist.check import CheckCommand
from copilot.assist.constrained import (
    NO_EDITS,
    Files,
    all_files,
    asks_for_blocks,
    asks_for_files,
    asks_to_differ,
    blocks_grammar,
    files_grammar,
    named_files,
    one_block_grammar,
    settled,
)
from copilot.assist.marks import without_marks
from copilot.assist.pack import Packed
from copilot.assist.propose import Attempt, Ground, Proposal, attempt, read_reply
from copilot.assist.repair import asks_for_form, asks_to_mend, mended, turns
from copilot.assist.witness import Witness
from copilot.backends.protocol import Event, Message
from copilot.cli.answer import hear, why_cut
from copilot.cli.decided import Tally
from copilot.cli.decisions import apply_command
from copilot.cli.fit import refit
from copilot.cli.keep import keep_reply
from copilot.cli.log_run import expected_line
from copilot.cli.prepare import Question, agree, record, recorded_if_broken
from copilot.cli.ready import Ready
from copilot.cli.setup import Setup
from copilot.cli.show import say_usage
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet
from copilot.edits.grammar import differing_grammar
from copilot.edits.operations import Replace, Reply
from copilot.edits.patch import git_patch
from copilot.errors import BudgetExceeded, EditsRefused, ReplyIncomplete
from copilot.text import one_line

# Characters that a token of code stands for at least, on the average.
_CHARACTERS_PER_TOKEN = 2


@dataclass
class Conversation:
    """A question to a model and what was said since; `turns` are those behind the prompt.

    If it `is_constrained`, grammars hold the model to a list of `files` first, where they are many,
    then to blocks. Edits are placed on the files as `standing` leaves them; `made` is what became
    of the last. A `listener` gets the events of the stream in the place of the terminal. `idle`
    blocks are to be written anew, with other lines; where it `is_short`, there is to be one short
    block. Where a person asks again, the model `may_end` only behind a block: a small one would say
    that there is nothing to do.
    """

    setup: Setup
    ready: Ready
    question: Question
    task: str
    turns: tuple[Message, ...] = ()
    answer: Answer | None = None
    is_constrained: bool = False
    files: Files | None = None
    standing: ChangeSet = field(default_factory=ChangeSet)
    made: Attempt | None = None
    listener: Callable[[Event], None] | None = None
    idle: tuple[Replace, ...] = ()
    is_short: bool = False
    may_end: bool = True

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
            with recorded_if_broken(self.setup, "edit", self.task, self.question, self.ready):
                return self._answered()
        except (ReplyIncomplete, Interrupted, BudgetExceeded) as stop:
            if stop.partial:
                file = keep_reply(self.setup.paths.replies, stop.partial)
                say(f"\nthe partial reply is kept, to be read: {file}")
            raise

    def _answered(self) -> Answer:
        if self.is_constrained and self.files is None:
            self.files = all_files(self.packed, self.task)
        if self.is_constrained and self.files is None:
            listed = self._listed()
            self.files = self._named(listed)
            if not self.files.listed:
                return replace(listed, text=NO_EDITS)
            self._record(listed, "files named")
        grammar, since = self._grammar(), self.turns
        return hear(self.question, self.ready, grammar=grammar, turns=since, listener=self.listener)

    def _listed(self) -> Answer:
        """Let the model name the files that it will change."""
        asked, grammar = (asks_for_files(self.prompts),), files_grammar(self.packed)
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
        if self.is_short and self.idle:
            return differing_grammar(self.idle[:1], self.marker, more=1)
        if self.is_short:
            return one_block_grammar(self.packed, self.files)
        if self.idle:
            return differing_grammar(self.idle, self.marker)
        again = self.answer is not None and self.may_end
        grammar = blocks_grammar(self.packed, self.files, again=again)
        if grammar is None:
            say("these files are too long for a grammar: the edits are written freely")
        return grammar

    def ask_on(self, request: str, tally: Tally | None = None) -> Answer:
        """Send the answer back with a request; `tally` is what was decided of it.

        Raises ModelError, PolicyRefused.
        """
        if self.answer is None:
            return self.ask()
        earlier = self.answer
        self.turns += turns(earlier.text, request)
        tokens = self._tokens()
        reusable = tokens - len(request) // _CHARACTERS_PER_TOKEN
        agree(self.setup, self.ready, tokens, reusable)
        answer = self.ask()
        self._record(earlier, "sent back", tally)
        return answer

    def ask_again(
        self,
        request: str,
        standing: ChangeSet,
        repairs: int,
        listener: Callable[[Event], None] | None = None,
        tally: Tally | None = None,
    ) -> Proposal:
        """Answer the last proposal, of which `standing` stands, and return the next.

        It is all that changes from the disk on. `tally` is what was decided of the last. On any
        error the conversation is where it was. Raises CopilotError, Interrupted.
        """
        if not self.has_room_for(request):
            raise BudgetExceeded(
                "the model's window has no room for another round",
                "accept what is good, then ask anew for the rest",
            )
        self.ready.backend.begin()
        with self._as_it_was():
            self.standing, self.listener = standing, listener
            self.files = self._files_again()
            self.may_end = False
            self.ask_on(request, tally)
            self.may_end = True
            proposal = self.proposed(repairs)
            # What came in the moment of the stop counts as stopped.
            self.ready.backend.check()
        self.listener = None
        return proposal

    def expected(self, request: str) -> str:
        """Return what sending a request behind the last answer will take, in words."""
        tokens = self._tokens((self.answer.text if self.answer else "") + request)
        new = len(request) // _CHARACTERS_PER_TOKEN
        return expected_line(self.setup, self.ready, tokens, tokens - new)

    @contextmanager
    def _as_it_was(self) -> Iterator[None]:
        """Lead the conversation back if the block fails; an answer of no use is on record."""
        was = replace(self)
        is_done = False
        try:
            yield
            is_done = True
        finally:
            if not is_done:
                if self.answer is not was.answer:
                    self.record("refused")
                self.turns, self.answer, self.made = was.turns, was.answer, was.made
                self.files, self.standing, self.listener = was.files, was.standing, None
                self.may_end = True

    def _files_again(self) -> Files | None:
        """Return the files that the model may change when it is asked again."""
        if self.files is None:
            return None
        packed = self.packed
        if every := all_files(packed, self.task):
            return every
        touched = (change.name for change in self.standing.changes)
        names = dict.fromkeys((*self.files.edited, *touched))
        texts = packed.editable_texts
        return Files(tuple(name for name in names if name in texts))

    def stop(self) -> None:
        """End what is being answered, from any thread."""
        self.ready.backend.stop()

    def proposed(self, repairs: int) -> Proposal:
        """Return what the model proposes; edits without a place go back to it.

        Raises EditsRefused.
        """
        trial = self._tried(None)
        while isinstance(trial, _Failure):
            if not repairs or not self._can_go_on(trial.request):
                raise trial.refusal
            repairs -= 1
            say(trial.refusal.message)
            say(f"asking again, with the reasons ({said_left(repairs)})")
            self.ask_on(trial.request)
            trial = self._tried(self.made)
        return trial

    def _tried(self, earlier: Attempt | None) -> Proposal | _Failure:
        """Place the last reply's edits, those of an `earlier` one with them."""
        self.made = earlier
        try:
            reply = self._read() if self.files is None else self._settled()
        except EditsRefused as refusal:
            return _Failure(refusal, asks_for_form(refusal, self.prompts))
        self.made = attempt(mended(earlier, reply) if earlier else reply, self.ground)
        try:
            return self.made.proposal()
        except EditsRefused as refusal:
            return _Failure(refusal, asks_to_mend(self.made, self.prompts))

    def _read(self) -> Reply:
        return read_reply(self.answer.text if self.answer else "", self.marker)

    def _settled(self) -> Reply:
        """Leave out what cannot stand; if all blocks change nothing, ask for them once more."""
        self._ask_for_less()
        sound = settled(self._read(), self.packed)
        request = asks_to_differ(self.task, self.prompts)
        if sound.idle and not sound.reply.operations and self._can_go_on(request):
            say("the edits change nothing: asking for other lines in their place")
            self.idle = sound.idle
            try:
                self.ask_on(request)
                self._ask_for_less()
            finally:
                self.idle = ()
            sound = settled(self._read(), self.packed)
        for why in sound.left_out:
            say(f"left out: {why}")
        return sound.reply

    def _ask_for_less(self) -> None:
        """If the reply ran into its limit, ask the same once more, for one short block alone.

        Small models write on without end; what they wrote would only lead them on.
        """
        cut = self.answer
        if not (cut and cut.cut_off and self.files and one_block_grammar(self.packed, self.files)):
            return
        say("the reply ran into its limit of tokens: asking for one short block instead")
        self.is_short = True
        try:
            self.ask()
        finally:
            self.is_short = False
        self._record(cut, "cut off")

    def _can_go_on(self, request: str) -> bool:
        """Tell whether asking again makes sense: not for a reply that ran into its limit."""
        return bool(self.answer and not self.answer.cut_off) and self.has_room_for(request)

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
        self.ready.backend.prepare(lambda backend: set_judge(backend, judge))

    def _interpreted(self, text: str) -> Attempt:
        """Place the edits of a reply, whose line of marks counts for nothing."""
        words = self.question.packed.words
        bare = without_marks(text, words).text if words else text
        return attempt(read_reply(bare, self.marker), self.ground)

    def has_room_for(self, request: str) -> bool:
        """Tell whether the model's window holds the conversation, this request and an answer."""
        window = self.ready.window
        more = len(request) // _CHARACTERS_PER_TOKEN + self.ready.limits.max_reply_tokens
        said = self.answer.text if self.answer else ""
        return window is None or self._tokens(said) + more <= window

    def record(self, outcome: str, tally: Tally | None = None) -> None:
        """Write the last answer into the runs file, with what was decided of it."""
        if self.answer is not None:
            self._record(self.answer, outcome, tally)

    def _record(self, answer: Answer, outcome: str, tally: Tally | None = None) -> None:
        record(
            self.setup, "edit", self.task, self.question, self.ready, answer, outcome, tally=tally
        )

    def keep(self, proposal: Proposal | None = None) -> Path | None:
        """Keep the last reply in a file and return its path; None if there was none.

        Where edits of earlier replies stand, a patch of the whole `proposal` is kept instead.
        """
        if self.answer is None:
            return None
        text = self.answer.text
        if self.standing and proposal:
            patch = git_patch(proposal.changes, prefix_alias=True)
            text = patch.decode("utf-8", "backslashreplace")
        return keep_reply(self.setup.paths.replies, text)

    def said_kept(self, file: Path) -> str:
        """Return where the last reply is kept, and how to use it."""
        cut = why_cut(self.answer, self.ready) if self.answer and self.answer.cut_off else None
        limit = f"{cut.message} ({cut.hint}); " if cut else ""
        return f"{limit}the reply is kept: {apply_command(self.setup, file)}"

    @property
    def ground(self) -> Ground:
        masker = self.setup.masker
        witness = Witness(self.question.packed, masker)
        read_only = frozenset(self.setup.read_only)
        return Ground(self.setup.roots, read_only, masker, witness, self.standing)

    @property
    def packed(self) -> Packed:
        """The prompt, with the texts of files as they stand."""
        if not self.standing:
            return self.question.packed
        return with_standing(self.question.packed, self.ground.files, self.setup.masker)

    @property
    def marker(self) -> int:
        return self.question.packed.prompt.frame.marker

    @property
    def prompts(self) -> Path:
        return self.setup.paths.prompts

    def _tokens(self, more: str = "") -> int:
        """Return about how many tokens the prompt, what was said since, and `more` are."""
        said = sum(len(turn.content) for turn in self.turns) + len(more)
        return self.question.packed.prompt.total_tokens + said // _CHARACTERS_PER_TOKEN


@dataclass(frozen=True)
class _Failure:
    """Why edits were refused, and what to ask the model then."""

    refusal: EditsRefused
    request: str


def said_left(times: int) -> str:
    """Return how often the model will be asked again after that."""
    return f"{times} more after that" if times else "for the last time"
