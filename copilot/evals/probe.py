"""What a model is good for, in two minutes: its real window, how well it edits, how fast it is.

Prompts grow from a thousand tokens on, each the beginning of the next and a question, until the
server refuses one or reads less than it was sent. Words that stand before all else show that a
prompt was cut in silence, and so does the server's own count of tokens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from copilot.assist.ask import Answer, Interrupted, Limits, ask
from copilot.assist.pack import Packed
from copilot.backends.ensembles.members import of_one_call
from copilot.backends.protocol import NewTokens, Usage
from copilot.context.model import Prompt
from copilot.context.tokens import count_tokens
from copilot.errors import BudgetExceeded, ModelError, ModelUnreachable
from copilot.evals.lengthening import Lengthening
from copilot.evals.model import Material, Sample
from copilot.evals.obedience import EDITS
from copilot.evals.probed import INSIDE, Asked, Asking, Edited, Fate, Probed, Speed
from copilot.workspace.model import Snapshot

REPLY_TOKENS = 32
# A server that counts less than this share of what it should was not given all; one that counts a
# second prompt, or whose model repeats the words, is given more room.
_LEAST_READ, _LEAST_READ_SECOND, _LEAST_REPEATED = 0.8, 0.6, 0.5
# No two tokenizers differ by as much.
_LEAST_COUNT = 0.2
# What a window that was told or counted may be off by, in our own tokens.
_MARGIN = 0.95
_EDITS_SHARE = 0.6
# The edits are small; a small model goes on and on.
_MOST_EDIT = 320
# A longer prompt takes longer for each of its tokens.
_SLOWER = 1.3
_MOST_HALVINGS, _NEAR = 4, 0.1
# Fewer new tokens tell nothing about speed.
_LEAST_NEW = 256
# A server that refuses does so at once.
_REFUSAL_SECONDS, _LEAST_SECONDS = 8.0, 2.0
_MOST_SAID = 200
_NOTHING = Snapshot((), ())
_ANSWERED = (Fate.READ, Fate.ANSWERED)


class _Late(Exception):
    """The time is up."""


@dataclass
class Probe:
    """Asks a model; `watch` hears of each prompt and each edit.

    `edits` are small edits to ask for. With another `nonce`, no cache holds any of the files.
    `timer` ends what does not end by itself.
    """

    asking: Asking
    material: Material
    edits: Sequence[Sample]
    nonce: str = ""
    watch: Callable[[Asked | Edited], object] = lambda _one: None
    timer: Callable[[float, Callable[[], None]], threading.Timer] = threading.Timer
    _asked: list[Asked] = field(default_factory=list)
    _edited: list[Edited] = field(default_factory=list)
    _written: list[tuple[int, float]] = field(default_factory=list)
    _next: tuple[int, float] | None = None
    _again: Asked | None = None
    _counts: bool = True

    def run(self) -> Probed:
        """Find out what there is time for. Raises ModelError if not even the first is answered."""
        self._begun = time.monotonic()
        self._prompts = Lengthening(self.material, self.nonce)
        self._first()
        self._edit_all()
        failed = self._grow()
        if failed and failed.limit is None and not (failed.served and failed.fate is Fate.CUT):
            failed = self._narrow(failed)
        self._ask_again()
        window, as_claimed = self._window(failed) if failed else (None, False)
        following, seconds = self._next or (None, None)
        return Probed(
            self._asked,
            self._edited,
            self._speed(),
            max((one.tokens for one in self._asked if one.fate is Fate.READ), default=0),
            max((one.tokens for one in self._answered()), default=0),
            window,
            as_claimed,
            following,
            seconds,
        )

    def _first(self) -> None:
        """Ask the shortest prompt, by which all others are measured. Raises ModelError."""
        lengths = self.asking.lengths
        prompt = self._prompts.prompt(max(1, lengths[0] - REPLY_TOKENS))
        try:
            answer = self._answer(prompt, REPLY_TOKENS, self.asking.seconds)
        except _Late as late:
            raise ModelUnreachable(
                f"the model did not answer {prompt.total_tokens:,} tokens within "
                f"{self.asking.seconds:.0f} s",
                "look whether the server is busy, or give it more --minutes",
            ) from late
        self._note(self._seen(prompt, answer))

    def _edit_all(self) -> None:
        """Ask for the small edits, as many as there is time for."""
        share = _EDITS_SHARE if len(self.asking.lengths) > 1 else 1.0
        until = self.asking.seconds * share
        for sample in self.edits:
            try:
                limit = min(sample.reply_tokens, _MOST_EDIT)
                answer = self._answer(sample.prompt, limit, until)
            except _Late:
                return
            except (ModelError, BudgetExceeded):
                self._edit(Edited(sample.recipe.task, (), failed=True))
                continue
            score = EDITS.score(sample, answer.text)
            passed = [name for name, is_passed in score.steps.items() if is_passed]
            self._edit(Edited(sample.recipe.task, passed))
            tokens = answer.usage.reply if answer.usage else self._own(answer.text)
            if answer.first_token_seconds is not None:
                self._written.append((tokens - 1, answer.seconds - answer.first_token_seconds))

    def _edit(self, edited: Edited) -> None:
        self._edited.append(edited)
        self.watch(edited)

    def _grow(self) -> Asked | None:
        """Ask longer and longer prompts; return the first that failed, if one did."""
        for length in self.asking.lengths[1:]:
            tokens = self._own_tokens(length)
            seconds = self._seconds_for(tokens)
            if self._elapsed + seconds > self.asking.seconds:
                self._next = (tokens, seconds)
                return self._beyond()
            asked = self._try(tokens, self.asking.seconds)
            if asked.fate is Fate.LATE:
                self._next = (tokens, seconds)
                return None
            if asked.fate not in _ANSWERED:
                return asked
        return None

    def _beyond(self) -> Asked | None:
        """Send what no window holds: to refuse it takes no time, where to read it would."""
        length, until = self.asking.lengths[-1], self._elapsed + _REFUSAL_SECONDS
        claimed = self.asking.claimed
        if not claimed or length <= claimed or self._left < _LEAST_SECONDS:
            return None
        asked = self._try(self._own_tokens(length), min(until, self.asking.seconds))
        return asked if asked.fate in (Fate.REFUSED, Fate.CUT) else None

    def _narrow(self, failed: Asked) -> Asked:
        """Halve the gap between what was read and what failed, while there is time."""
        if failed.fate is Fate.FAILED:
            return failed
        for _ in range(_MOST_HALVINGS):
            low = max(one.tokens for one in self._answered())
            middle = (low + failed.tokens) // 2
            is_late = self._elapsed + self._seconds_for(middle) > self.asking.seconds
            if failed.tokens - low < _NEAR * failed.tokens or is_late:
                break
            asked = self._try(middle, self.asking.seconds)
            if asked.fate in (Fate.LATE, Fate.FAILED):
                break
            failed = failed if asked.fate in _ANSWERED else asked
        return failed

    def _try(self, tokens: int, until: float) -> Asked:
        """Ask a prompt of a length, whatever becomes of it."""
        prompt = self._prompts.prompt(tokens)
        own = prompt.total_tokens
        begun = self._elapsed
        try:
            answer = self._answer(prompt, REPLY_TOKENS, until)
            asked = self._seen(prompt, answer)
        except _Late:
            asked = Asked(own, Fate.LATE, seconds=self._elapsed - begun)
        except BudgetExceeded as error:
            asked = Asked(own, Fate.REFUSED, error.got, limit=error.limit, said=error.message)
        except ModelError as error:
            asked = Asked(own, Fate.FAILED, said=error.message)
        self._note(asked)
        return asked

    def _seen(self, prompt: Prompt, answer: Answer) -> Asked:
        """Tell whether a prompt that was answered was read whole."""
        usage, own = of_one_call(answer.usage), prompt.total_tokens
        repeats = all(word in answer.text.lower() for word in self._prompts.words)
        served = self._told(usage, own)
        is_cut = bool(self._asked) and self._is_cut(own, served, repeats=repeats)
        # A server that counts no tokens shows a cut by the first words alone.
        whole = Fate.READ if repeats or served is not None else Fate.ANSWERED
        return Asked(
            own,
            Fate.CUT if is_cut else whole,
            served,
            usage.cached if usage else None,
            answer.seconds,
            answer.first_token_seconds,
            repeats,
            said=answer.text[:_MOST_SAID],
        )

    def _told(self, usage: Usage | None, own: int) -> int | None:
        """Return what the server counted of a prompt; None if its first count was none of that."""
        if usage is None or not usage.prompt or isinstance(usage, NewTokens):
            return None
        if not self._asked:
            self._counts = _LEAST_COUNT <= usage.prompt / own <= 1 / _LEAST_COUNT
        return usage.prompt if self._counts else None

    def _is_cut(self, own: int, served: int | None, *, repeats: bool) -> bool:
        """Tell whether a prompt was cut, by what the server counts or else by the words."""
        read = self._answered()
        if served is not None and self._ratio is not None:
            # By one prompt alone nobody knows how the server counts other texts.
            least = _LEAST_READ if len(read) > 1 else _LEAST_READ_SECOND
            return served < (_LEAST_REPEATED if repeats else least) * self._served(own)
        # A small model forgets words too: only one that gave them each time is believed.
        return not repeats and all(one.repeats for one in read)

    def _ask_again(self) -> None:
        """Ask the longest prompt that was read once more: a cache should hold it."""
        longest = max(self._answered(), key=lambda one: one.tokens)
        if self._left < _LEAST_SECONDS:
            return
        prompt = self._prompts.prompt(longest.tokens)
        try:
            answer = self._answer(prompt, 1, self.asking.seconds)
        except (_Late, ModelError, BudgetExceeded):
            return
        again = self._seen(prompt, answer)
        # Where nobody tells what was cached, it must be what was asked last.
        is_last = self._asked[-1] == longest
        self._again = (
            again if (is_last if again.cached is None else _is_known(again, 0.5)) else None
        )

    def _window(self, failed: Asked) -> tuple[int | None, bool]:
        """Return the window that a failure shows, in our tokens, and whether it is as claimed."""
        if failed.fate is Fate.FAILED:
            return None, False
        claimed = self.asking.claimed
        low = max(one.tokens for one in self._answered()) + REPLY_TOKENS
        told = failed.limit or None
        if failed.fate is Fate.CUT and failed.served:
            told = failed.served + REPLY_TOKENS
        if told is None:
            # What is longer than the claim fails as it must, whatever lies between.
            return low, claimed is not None and self._served(failed.tokens) >= INSIDE * claimed
        # Never more than the server's own figure, however few tokens it counts.
        window = min(told, self._own_tokens(told) + REPLY_TOKENS)
        return max(low, int(window * _MARGIN)), claimed is not None and told >= INSIDE * claimed

    def _speed(self) -> Speed:
        """Return how fast the model read its longest new text, read again, and wrote."""
        cached = None
        if self._again and self._again.first_token_seconds:
            tokens = self._again.served or self._again.tokens
            cached = tokens / self._again.first_token_seconds
        written = sum(tokens for tokens, _ in self._written)
        writing = sum(seconds for _, seconds in self._written)
        return Speed(self._cold(), cached, written / writing if writing else None)

    def _cold(self) -> float | None:
        """Return how many tokens a second are read anew, None where too few were."""
        news = [(self._new(one), one.first_token_seconds) for one in self._answered()]
        new, seconds = max(((n, s) for n, s in news if s), default=(0, None))
        return new / seconds if seconds and new >= _LEAST_NEW else None

    def _new(self, asked: Asked) -> int:
        """Return the tokens that the server had to read anew."""
        return (asked.served or asked.tokens) - (asked.cached or 0)

    def _seconds_for(self, tokens: int) -> float:
        """Return what a prompt will take, by those before it."""
        read = self._answered()
        last = max(read, key=lambda one: one.tokens)
        seconds = max(last.first_token_seconds or last.seconds, 1e-3)
        rate = self._cold() or (last.served or last.tokens) / seconds
        # What came before is only read again where no cache was seen to hold it.
        known = last.tokens if any(_is_known(one, 0.25) for one in read) else 0
        return _SLOWER * max(0, tokens - known) / rate + (last.seconds - seconds)

    def _own_tokens(self, length: int) -> int:
        """Return a length of prompt and reply in the model's tokens as a prompt in ours."""
        first = self._asked[0]
        served = first.served or first.tokens
        return max(1, int(first.tokens + (length - REPLY_TOKENS - served) / (self._ratio or 1.0)))

    def _served(self, own: int) -> float:
        """Return what the server should count of a prompt."""
        first = self._asked[0]
        return (first.served or first.tokens) + (own - first.tokens) * (self._ratio or 1.0)

    @property
    def _ratio(self) -> float | None:
        """The server's tokens for each of ours, by what was added; None where it tells none."""
        first, last = self._asked[0], max(self._answered(), key=lambda one: one.tokens)
        if not first.served or not last.served:
            return None
        if last.tokens == first.tokens:
            return first.served / first.tokens
        return (last.served - first.served) / (last.tokens - first.tokens)

    def _answered(self) -> list[Asked]:
        return [one for one in self._asked if one.fate in _ANSWERED]

    def _note(self, asked: Asked) -> None:
        self._asked.append(asked)
        self.watch(asked)

    def _own(self, text: str) -> int:
        return count_tokens([text.encode("utf-8", "replace")], self.material.tokenizer)[0]

    @property
    def _left(self) -> float:
        return self.asking.seconds - self._elapsed

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._begun

    def _answer(self, prompt: Prompt, reply_tokens: int, until: float) -> Answer:
        """Ask, and hang up when the time is up. Raises _Late, ModelError, BudgetExceeded."""
        late = threading.Event()
        backend = self.asking.backend

        def hang_up() -> None:
            late.set()
            backend.stop()

        left = until - self._elapsed
        if left <= 0:
            raise _Late
        timer = self.timer(left, hang_up)
        timer.start()
        limits = Limits(reply_tokens, self.asking.temperature)
        try:
            return ask(backend, Packed((), _NOTHING, prompt), limits, lambda _event: None)
        except Interrupted as stop:
            if late.is_set():
                raise _Late from stop
            raise
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():
                backend.begin()


def _is_known(asked: Asked, share: float) -> bool:
    """Tell whether a share of a prompt or more came from the server's cache."""
    return (asked.cached or 0) >= share * (asked.served or asked.tokens)
