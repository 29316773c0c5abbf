"""A prompt that grows with a conversation: what was sent stays at its beginning, byte for byte.

Its sections stand in the order in which they were sent; what was said is a section of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from copilot.assist.pack import Packed
from copilot.backends.protocol import Message
from copilot.context.draft import Draft
from copilot.context.entries import Shape
from copilot.context.model import Prompt, Section, SectionKind


@dataclass(frozen=True)
class Exchange:
    """A question or task, and the model's last word on it."""

    kind: str
    asked: str
    answer: str
    outcome: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked next: `kind` is `ask` or `edit`, `note` what the model is told besides.

    `wanted` are files to be shown in full, `lowered` those to be shown at another level, `left_out`
    those not to be shown, or all below a folder that ends in `/`; with alias.
    """

    kind: str
    text: str
    note: str = ""
    wanted: tuple[str, ...] = ()
    lowered: Mapping[str, Shape] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def hides(self, name: str) -> bool:
        """Tell whether a file is not to be shown in full, unless the person names it."""
        if name in self.wanted:
            return False
        folders = (place for place in self.left_out if place.endswith("/"))
        return name in self.lowered or name in self.left_out or name.startswith(tuple(folders))


@dataclass(frozen=True)
class Spoken(Packed):
    """A prompt and the messages that it is sent as.

    `over` are the paths of files that the first of them left unshown; `new_tokens` are those that
    no earlier request held; `forgotten` is how many exchanges were left out for want of room.
    """

    sent: tuple[Message, ...] = field(default=(), repr=False)
    over: frozenset[bytes] = field(default=frozenset(), repr=False)
    new_tokens: int = 0
    forgotten: int = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.sent


def begun(packed: Packed, sent: tuple[Message, ...], forgotten: int = 0) -> Spoken:
    """Return the first prompt of a conversation."""
    held = {entry.path for section in packed.prompt.sections for entry in section.entries}
    names = [file.name for file in packed.snapshot.files]
    paths = {name.encode("utf-8", "surrogateescape") for name in names}
    return Spoken(
        packed.roots,
        packed.snapshot,
        packed.prompt,
        packed.mode,
        packed.why_new,
        packed.words,
        sent,
        frozenset(paths - held),
        packed.prompt.total_tokens,
        forgotten,
    )


def said_sections(texts: Sequence[str], draft: Draft) -> list[Section]:
    """Return what was said as sections, each ending its last line."""
    pieces = [f"{text.rstrip()}\n".encode("utf-8", "backslashreplace") for text in texts]
    counts = draft.counts(pieces)
    return [
        Section(SectionKind.TASK, (data,), tokens)
        for data, tokens in zip(pieces, counts, strict=True)
    ]


def sendable(text: str) -> str:
    """Return a text without lone surrogates, which cannot be sent."""
    return text.encode("utf-8", "backslashreplace").decode()


def with_reasons(prompt: Prompt, reasons: Mapping[str, str]) -> Prompt:
    """Return the prompt with these reasons for the files that some question brought."""
    files = tuple(
        structs.replace(file, reason=reasons[f"{file.repository}/{file.path}"])
        if file.section is SectionKind.FOCUS and f"{file.repository}/{file.path}" in reasons
        else file
        for file in prompt.files
    )
    return replace(prompt, files=files)


def reasons_in(prompt: Prompt) -> dict[str, str]:
    """Return why each file of a focus is there."""
    return {
        f"{file.repository}/{file.path}": file.reason
        for file in prompt.files
        if file.section is SectionKind.FOCUS
    }
