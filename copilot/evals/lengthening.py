"""Prompts that grow: each begins with the one before it, as far as a file goes on."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from copilot.context.compose import Wording, compose_prompt
from copilot.context.model import Prompt
from copilot.context.tokens import count_tokens
from copilot.context.words import mark_words
from copilot.evals.counted import Sized, counted_of
from copilot.evals.model import Material
from copilot.workspace.model import Snapshot, SourceFile

_GENERATED_LINES = 2000


class Lengthening:
    """Makes prompts of any length from a repository's files, and asks for words that stand there.

    A repository that is too small is repeated under other folder names; where there is none, files
    are generated. `words` are those before the rules and before all files: some servers cut the
    one, some the other. `last` stands in the question itself. All are others with another `nonce`.
    """

    def __init__(self, material: Material, nonce: str = "") -> None:
        *self.words, self.last = mark_words([material.sha256, nonce])
        self._tokenizer = material.tokenizer
        prompts = material.prompts
        rules = f"{self.words[0]}\n\n{prompts['rules']}"
        self._wording = Wording(rules, prompts["eval-probe"], self.last)
        self._counted = counted_of(material)
        data = f"{self.words[1]}\n".encode()
        self._mark = SourceFile("probe", "first.txt", None, "generated", data)
        self._files = self._endless()
        self._taken: list[Sized] = []
        self._least = compose_prompt(Snapshot((), (self._mark,)), self._wording, self._tokenizer)

    def prompt(self, tokens: int) -> Prompt:
        """Return a prompt of at most so many tokens, by our count, the mark and question at least.

        It holds whole files and the beginning of one more.
        """
        left = tokens - self._least.total_tokens
        files = [self._mark]
        for number in range(1_000_000):
            sized = self._at(number)
            if sized.tokens > left:
                files += self._beginning(sized.file, left)
                break
            files.append(sized.file)
            left -= sized.tokens
        return compose_prompt(Snapshot((), tuple(files)), self._wording, self._tokenizer)

    def _at(self, number: int) -> Sized:
        while len(self._taken) <= number:
            self._taken.append(next(self._files))
        return self._taken[number]

    def _endless(self) -> Iterator[Sized]:
        time = 1
        while self._counted.sized:
            yield from (self._counted.again(one, time) for one in self._counted.sized)
            time += 1
        while True:
            lines = (f"value_{time}_{n} = {n * time}\n" for n in range(_GENERATED_LINES))
            file = SourceFile("probe", f"values_{time}.py", None, "generated", _joined(lines))
            yield Sized(file, self._counted.sizes([file])[0])
            time += 1

    def _beginning(self, file: SourceFile, tokens: int) -> list[SourceFile]:
        """Return as many lines of a file as fit, between its marks; no file if none do."""
        lines = (file.data or b"").splitlines(keepends=True)
        left = tokens - self._counted.sizes([structs.replace(file, data=b"\n", content=None)])[0]
        kept: list[bytes] = []
        for line, count in zip(lines, count_tokens(lines, self._tokenizer), strict=True):
            if (left := left - count) < 0:
                break
            kept.append(line)
        return [structs.replace(file, data=b"".join(kept), content=None)] if kept else []


def _joined(lines: Iterator[str]) -> bytes:
    return "".join(lines).encode()
