"""How a server counts tokens: lengths are in the model's own, haystacks are made in ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.assist.ask import Answer, Limits, ask
from copilot.assist.pack import Packed
from copilot.backends.ensembles.members import least_read
from copilot.backends.protocol import Backend
from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt
from copilot.context.tokens import TOKENIZERS, count_tokens
from copilot.errors import UsageError
from copilot.evals.model import Material
from copilot.evals.rows import Calibration
from copilot.workspace.model import Repository, Snapshot, SourceFile

# Of the longer of the two texts: a token more or less is a thousandth of it.
TEXT_TOKENS = 1000
# Where the server tells no usage; chat templates known to us take 5 to 30 tokens.
ASSUMED = Calibration(16, 1.0, measured=False)
# Counted otherwise by each of our tokenizers, which code may not be.
_TELLING = (
    "0f3c9a12-7be4-4d55-9c1e-a2b3c4d5e6f7 = 31415926535  "
    "# Überprüfung проверка значения 検査結果 검사 结果验证\n"
).encode()
_LINES = 20
# Tokenizers of code differ by less than that.
_RATIOS = (0.4, 2.5)
_REPLY_SHARE = 4
_LEAST_ROOM = 64
# What the ratio may be off by: a prompt that is a token too long is refused.
_MARGIN = 0.999
_NOWHERE: tuple[Repository, ...] = ()


@dataclass(frozen=True)
class Counting:
    """How a server counts, in a tokenizer that we have.

    `per_configured` is how many of its tokens one of the configured tokenizer's makes; it is 1
    where the two are the same.
    """

    calibration: Calibration
    tokenizer: str
    per_configured: float = 1.0


def calibrate(
    backend: Backend, material: Material, temperature: float | None, most: int = TEXT_TOKENS
) -> tuple[Counting, Answer]:
    """Ask thrice with known texts, and return how the server counts, and the longest one's answer.

    Where its counts are those of one of our tokenizers, that one is named: then they are exact.
    `most` bounds the longest text, in our tokens. Raises ModelError, BudgetExceeded.
    """
    answers, prompts = [], []
    for lines in ((), (_TELLING,), tuple(_lines(material, most))):
        prompt = _prompt(lines, material)
        packed = Packed((), Snapshot((), ()), prompt)
        answers.append(ask(backend, packed, Limits(1, temperature), lambda _event: None))
        prompts.append(prompt)
    told = [read for answer in answers if (read := least_read(answer.usage))]
    if len(told) < len(prompts):
        return Counting(ASSUMED, material.tokenizer), answers[-1]
    texts = [prompt.text for prompt in prompts]
    return _counting(told, texts, material.tokenizer), answers[-1]


def _counting(told: Sequence[int], texts: Sequence[str], configured: str) -> Counting:
    """Return how three texts were counted."""
    own = count_tokens(texts, configured)
    # Those of open models first: Llama's counts most code as cl100k does.
    for tokenizer in (configured, *reversed(TOKENIZERS)):
        counts = count_tokens(texts, tokenizer)
        if len({there - here for there, here in zip(told, counts, strict=True)}) == 1:
            each = (counts[-1] - counts[0]) / max(own[-1] - own[0], 1)
            return Counting(Calibration(told[0] - counts[0], 1.0), tokenizer, each or 1.0)
    return Counting(_solved(told, own), configured)


def _solved(told: Sequence[int], counts: Sequence[int]) -> Calibration:
    """Return the line through the counts of no text and of the repository's."""
    if counts[-1] <= counts[0]:
        return ASSUMED
    ratio = (told[-1] - told[0]) / (counts[-1] - counts[0])
    if not _RATIOS[0] <= ratio <= _RATIOS[1]:
        return ASSUMED
    return Calibration(round(told[0] - ratio * counts[0], 2), round(ratio, 5))


def room_of(tokens: int, reply_tokens: int, calibration: Calibration) -> int:
    """Return a prompt's share of a length, in our tokens. Raises UsageError for too little."""
    served = tokens - reserve_of(tokens, reply_tokens) - calibration.overhead
    room = int(served * _MARGIN / calibration.ratio)
    if room < _LEAST_ROOM:
        raise UsageError(f"a length of {tokens:,} tokens holds no haystack", "name longer ones")
    return room


def reserve_of(tokens: int, reply_tokens: int) -> int:
    """Return what of a length is the reply's: no more than a quarter, whatever is published."""
    return min(reply_tokens, tokens // _REPLY_SHARE)


def _prompt(lines: tuple[bytes, ...], material: Material) -> Prompt:
    """Return a prompt like those that are sent, of these lines as one file."""
    data = b"".join(lines)
    files = (SourceFile("calibration", "lines.txt", None, "sample", data),) if data else ()
    wording = Wording(material.prompts["rules"], material.prompts["task-ask"], "Hello")
    return compose_prompt(Snapshot(_NOWHERE, files), wording, material.tokenizer)


def _lines(material: Material, most: int) -> Iterator[bytes]:
    """Yield lines from all over the repository: text of one kind is counted as no other is."""
    files = material.snapshot.files
    if not files:
        return
    left = most
    step = max(1, len(files) // max(1, most // 100))
    order = [*files[::step], *(file for at, file in enumerate(files) if at % step)]
    for file in order:
        lines = (file.data or b"").splitlines(keepends=True)
        start = max(0, len(lines) // 2 - _LINES // 2)
        for line in lines[start : start + _LINES]:
            whole = line if line.endswith(b"\n") else line + b"\n"
            left -= count_tokens([whole], material.tokenizer)[0]
            if left < 0:
                return
            yield whole
