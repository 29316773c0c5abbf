"""A run: samples asked in an order that caches serve, within limits, each answer kept at once."""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from copilot.assist.ask import Answer, Limits, ask
from copilot.assist.pack import Packed
from copilot.assist.stopping import Stoppable
from copilot.backends.ensembles.members import of_one_call
from copilot.backends.protocol import Usage
from copilot.errors import BudgetExceeded, ModelBusy, ModelError, ModelRefused, ReplyIncomplete
from copilot.evals.model import Material, Recipe, Sample, Suite
from copilot.evals.rows import (
    INCOMPLETE,
    REFUSED,
    UNREACHABLE,
    WINDOW,
    Calibration,
    Counted,
    Identity,
    Row,
    RowFile,
    harmless,
)
from copilot.workspace.model import Snapshot

# Failures in a row after which a server is taken to be gone, and refusals after which one that has
# answered before is taken to refuse everything.
_MOST_FAILURES, _MOST_REFUSALS = 3, 10
# One haystack may be counted longer than its length: the second as long or shorter tells.
_MOST_OVERFLOWS = 2
_NOTHING = Snapshot((), ())

Batch = tuple[Recipe, ...]


@dataclass(frozen=True)
class Subject:
    """The model that is asked; `cost_of` tells what a request cost, None where prices lack.

    `price_of` bounds what one will cost, from our count of its prompt and its reply's limit.
    `window` bounds prompt and reply together, in the model's tokens, where it is known.
    """

    identity: Identity
    backend: Stoppable
    calibration: Calibration
    temperature: float | None = None
    window: int | None = None
    currency: str = "USD"
    cost_of: Callable[[Usage], float | None] = lambda _usage: None
    price_of: Callable[[int, int], float] = lambda _prompt, _reply: 0.0


@dataclass(frozen=True)
class Bounds:
    """What a run may take: requests at once, money in the model's currency, seconds from now.

    `reply_tokens` replaces the published limits of answers, for models that think first.
    """

    concurrency: int = 1
    max_cost: float | None = None
    max_seconds: float | None = None
    reply_tokens: int | None = None


@dataclass
class Outcome:
    """What came of a run so far.

    `stopped` says why it ended before all was asked: `cost`, `time` or `failures`, the last with
    its `failure`. `overflowed` counts the haystacks that did not fit the model's window, `too_long`
    is a length that two as long or shorter did not, and `skipped` counts the questions about such
    that were not asked. `left` counts what else was not asked.
    """

    answered: int = 0
    failed: int = 0
    overflowed: int = 0
    skipped: int = 0
    left: int = 0
    cost: float = 0.0
    stopped: str = ""
    failure: ModelError | None = None
    too_long: int | None = None


@dataclass
class Run:
    """The samples of a suite, for one model. `watch` hears of each row, one at a time."""

    suite: Suite
    material: Material
    subject: Subject
    file: RowFile
    bounds: Bounds = field(default_factory=Bounds)
    repositories: tuple[str, ...] = ()
    watch: Callable[[Row], object] = lambda _row: None

    def __post_init__(self) -> None:
        self.outcome = Outcome()
        self._state = threading.RLock()
        self._making = threading.Lock()
        self._promised = 0.0
        self._in_a_row = 0
        self._refused_in_a_row = 0
        self._deadline: float | None = None
        self._overflows: list[int] = []

    def pending(self, batches: Sequence[Batch]) -> list[Batch]:
        """Return what has no answer in the file yet."""
        digest = self.subject.identity.digest
        done = {r.recipe for r in self.file.rows if r.model.digest == digest and not r.error}
        left = (tuple(recipe for recipe in batch if recipe not in done) for batch in batches)
        return [batch for batch in left if batch]

    def ask(self, batches: Sequence[Batch]) -> Outcome:
        """Ask what is pending of these, the questions of one haystack after one another.

        Raises UsageError if a row cannot be written, KeyboardInterrupt if the person stops it; what
        was answered is kept.
        """
        batches = self.pending(batches)
        if self.bounds.max_seconds is not None:
            self._deadline = time.monotonic() + self.bounds.max_seconds
        if self.bounds.concurrency == 1:
            for batch in batches:
                self._batch(batch)
        else:
            self._at_once(batches)
        done = self.outcome
        settled = done.answered + done.failed + done.overflowed + done.skipped
        done.left = sum(map(len, batches)) - settled
        return done

    def _at_once(self, batches: Sequence[Batch]) -> None:
        """Ask batches side by side, each of them one question after another."""
        with ThreadPoolExecutor(self.bounds.concurrency) as pool, ExitStack() as failing:
            futures = [pool.submit(self._batch, batch) for batch in batches]
            failing.callback(self._break_off, futures)
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            failing.pop_all()

    def _break_off(self, futures: Sequence[Future[None]]) -> None:
        with self._state:
            self.outcome.stopped = self.outcome.stopped or "interrupted"
        for future in futures:
            future.cancel()
        self.subject.backend.stop()

    def _batch(self, batch: Batch) -> None:
        """Ask the questions of one haystack."""
        samples = self.suite.make(batch, self.material)
        for asked in range(len(batch)):
            if self.outcome.stopped:
                return
            if self._is_too_long(batch[0]):
                self._skip(len(batch) - asked)
                return
            sample = self._next(samples)
            if sample is None or not self._may_ask(sample):
                return
            row = self._row(sample)
            self._keep(row)
            if row.error == WINDOW:
                self._skip(len(batch) - asked - 1)
                return

    def _next(self, samples: Iterator[Sample]) -> Sample | None:
        # What suites keep of a haystack is theirs alone while they make the next.
        with self._making:
            return next(samples, None)

    def _is_too_long(self, recipe: Recipe) -> bool:
        with self._state:
            too_long = self.outcome.too_long
        return too_long is not None and recipe.tokens >= too_long

    def _skip(self, count: int) -> None:
        with self._state:
            self.outcome.skipped += count

    def _may_ask(self, sample: Sample) -> bool:
        """Set the price of a request aside, or stop the run if time or money do not allow it."""
        price = self._price(sample)
        with self._state:
            most = self.bounds.max_cost
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self.outcome.stopped = self.outcome.stopped or "time"
            elif most is not None and self.outcome.cost + self._promised + price > most:
                self.outcome.stopped = self.outcome.stopped or "cost"
            if self.outcome.stopped:
                return False
            self._promised += price
        return True

    def _price(self, sample: Sample) -> float:
        served = round(self.subject.calibration.served(sample.prompt.total_tokens))
        return self.subject.price_of(served, self._reply_tokens(sample))

    def _row(self, sample: Sample) -> Row:
        """Ask one question and return its row, whatever becomes of it."""
        row = self._blank(sample)
        packed = Packed((), _NOTHING, sample.prompt)
        limits = Limits(row.reply_tokens, self.subject.temperature)
        failure: ModelError | None = None
        try:
            answer = ask(self.subject.backend, packed, limits, lambda _event: None)
            row = self._answered(row, sample, answer)
        except BudgetExceeded as error:
            row = replace(row, error=WINDOW, said=harmless(error.message))
        except ReplyIncomplete as error:
            failure = error
            row = replace(row, error=INCOMPLETE, said=harmless(error.message))
            row = replace(row, answer=harmless(error.partial))
        except ModelError as error:
            failure = error
            word = REFUSED if isinstance(error, ModelRefused) else UNREACHABLE
            row = replace(row, error=word, said=harmless(error.message))
        self._note(row, failure, self._price(sample))
        return row

    def _blank(self, sample: Sample) -> Row:
        subject = self.subject
        return Row(
            recipe=sample.recipe,
            model=subject.identity,
            prompt_sha256=sample.prompt.sha256,
            haystack=sample.haystack,
            positions=sample.positions,
            references=tuple(map(harmless, sample.references)),
            forbidden=tuple(map(harmless, sample.forbidden)),
            measure=sample.measure,
            reply_tokens=self._reply_tokens(sample),
            own_tokens=sample.prompt.total_tokens,
            calibration=subject.calibration,
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
            temperature=subject.temperature,
            currency=subject.currency,
            repositories=self.repositories,
        )

    def _reply_tokens(self, sample: Sample) -> int:
        """Return the answer's limit: what is published, where the window holds it."""
        wanted = self.bounds.reply_tokens or sample.reply_tokens
        if self.subject.window is None:
            return wanted
        served = self.subject.calibration.served(sample.prompt.total_tokens)
        return max(1, min(wanted, int(self.subject.window - served)))

    def _answered(self, row: Row, sample: Sample, answer: Answer) -> Row:
        text, usage = harmless(answer.text), answer.usage
        # An ensemble's calls are added up for their cost alone.
        one, first = of_one_call(usage), answer.first_token_seconds
        return replace(
            row,
            started=answer.started.isoformat(timespec="milliseconds"),
            answer=text,
            finish=harmless(answer.reason),
            score=self.suite.score(sample, text),
            usage=Counted(one.prompt, one.reply, one.cached) if one else None,
            seconds=round(answer.seconds, 3),
            first_token_seconds=None if first is None else round(first, 3),
            cost=self.subject.cost_of(usage) if usage else None,
        )

    def _note(self, row: Row, failure: ModelError | None, price: float) -> None:
        """Note what a request took and whether the server is still there."""
        outcome = self.outcome
        with self._state:
            self._promised -= price
            # What a request cost that broke off nobody tells: it is taken to be all.
            outcome.cost += price if row.cost is None and row.error != WINDOW else row.cost or 0.0
            if row.error == WINDOW:
                insort(self._overflows, row.recipe.tokens)
                outcome.too_long = next(iter(self._overflows[_MOST_OVERFLOWS - 1 :]), None)
            # A server that answers other questions is there: it may refuse a text.
            is_about_text = isinstance(failure, ModelRefused) and not isinstance(failure, ModelBusy)
            if not (is_about_text and outcome.answered):
                self._in_a_row = self._in_a_row + 1 if failure else 0
            self._refused_in_a_row = self._refused_in_a_row + 1 if is_about_text else 0
            if self._in_a_row >= _MOST_FAILURES or self._refused_in_a_row >= _MOST_REFUSALS:
                outcome.stopped, outcome.failure = "failures", failure

    def _keep(self, row: Row) -> None:
        self.file.append(row)
        with self._state:
            if row.error == WINDOW:
                self.outcome.overflowed += 1
            elif row.error:
                self.outcome.failed += 1
            else:
                self.outcome.answered += 1
            self.watch(row)


def repositories_of(material: Material) -> tuple[str, ...]:
    """Return which repositories a haystack was made of, as `alias@revision`."""
    return tuple(
        f"{one.alias}@{one.revision or 'no commit'}{'+' if one.dirty else ''}"
        for one in material.snapshot.repositories
    )
