"""Where the tokens of a session's prompt go, as a picture of text."""

from __future__ import annotations

from dataclasses import replace

from copilot.context.model import Prompt, Section, SectionKind
from copilot.context.treemap_figures import spent_on
from copilot.context.treemap_text import treemap_text

_WIDTH, _HEIGHT = 96, 26


def map_of(prompt: Prompt, limit: int | None) -> str:
    """Return the picture, with what was said among the tokens of the task."""
    kinds = [k for k in SectionKind if any(section.kind is k for section in prompt.sections)]
    merged = replace(prompt, sections=tuple(_merged(prompt, kind) for kind in kinds))
    return treemap_text(spent_on(merged, limit), _WIDTH, _HEIGHT)


def _merged(prompt: Prompt, kind: SectionKind) -> Section:
    own = [section for section in prompt.sections if section.kind is kind]
    return Section(
        kind,
        tuple(piece for section in own for piece in section.pieces),
        sum(section.tokens for section in own),
        tuple(entry for section in own for entry in section.entries),
    )
