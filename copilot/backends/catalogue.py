"""The catalogue of embedded models: what each one is, where its bytes are, how they are proven."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import msgspec

from copilot.errors import UsageError
from copilot.text import one_line


@dataclass(frozen=True)
class EmbeddedModel:
    """One model file. Its bytes are proven part by part: part 1 is the first `part_bytes` of it.

    `package` names the wheel of one part, with the part's number in place of `{number}`.
    """

    name: str
    title: str
    quantization: str
    license: str
    window_tokens: int
    file: str
    size_bytes: int
    sha256: str
    hub_url: str
    package: str
    package_version: str
    part_bytes: int
    part_sha256: tuple[str, ...]

    @property
    def part_count(self) -> int:
        return len(self.part_sha256)

    def part_end(self, number: int) -> int:
        """Return the offset in bytes behind part `number`, counted from 1; 0 for no part."""
        return min(number * self.part_bytes, self.size_bytes)


@cache
def models() -> tuple[EmbeddedModel, ...]:
    """Return every embedded model, the recommended one first; the facts are in models.toml."""
    facts = tomllib.loads(Path(__file__).with_name("models.toml").read_text("utf-8"))
    return msgspec.convert(facts["model"], tuple[EmbeddedModel, ...])


def find(name: str) -> EmbeddedModel:
    """Return the model called `name`.

    Raises UsageError, with the names that come near, if there is none.
    """
    by_name = {model.name: model for model in models()}
    if name in by_name:
        return by_name[name]
    near = get_close_matches(name.lower(), by_name, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(by_name)}"
    raise UsageError(f"no embedded model is called '{one_line(name)}'", hint)
