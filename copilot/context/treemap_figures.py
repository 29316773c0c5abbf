"""What a prompt's tokens were spent on, in figures and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from copilot.context.model import Detail, PackedFile, Prompt, SectionKind
from copilot.text import one_line

MARKED = (SectionKind.OVERLAY, SectionKind.FOCUS)
_REASONS = 5


@dataclass(frozen=True)
class Spent:
    """What a prompt holds: its files, and the tokens of `parts` that are no files, by name.

    `budget` is in tokens, None where none is in force.
    """

    files: tuple[PackedFile, ...]
    total_tokens: int
    budget: int | None = None
    parts: Mapping[str, int] = field(default_factory=dict)


def spent_on(prompt: Prompt, budget: int | None) -> Spent:
    """Return what a prompt's tokens were spent on."""
    held: Counter[SectionKind | None] = Counter()
    for file in prompt.files:
        held[file.section] += file.tokens
    rest = {str(s.kind): s.tokens - held[s.kind] for s in prompt.sections}
    parts = {name: tokens for name, tokens in rest.items() if tokens > 0}
    return Spent(prompt.files, prompt.total_tokens, budget, parts)


def spent_by_detail(spent: Spent) -> list[tuple[Detail | None, str, int]]:
    """Return each level of detail that has tokens, in words and figures, and its tokens."""
    rows: list[tuple[Detail | None, str, int]] = []
    for detail in (Detail.FULL, Detail.OUTLINE, Detail.PATH):
        files = [file for file in spent.files if file.detail is detail]
        tokens = sum(file.tokens for file in files)
        if files:
            name = "path only" if detail is Detail.PATH else str(detail)
            part = share(tokens, spent.total_tokens)
            rows.append((detail, f"{name}: {counted(len(files))}, {short(tokens)}, {part}", tokens))
    if parts := [f"{one_line(name)} {short(tokens)}" for name, tokens in spent.parts.items()]:
        rows.append((None, ", ".join(parts), sum(spent.parts.values())))
    return rows


def spent_by_mark(spent: Spent) -> list[tuple[SectionKind, str]]:
    """Return each section that is marked and has files, with its figures in words."""
    rows: list[tuple[SectionKind, str]] = []
    for kind in MARKED:
        files = [file for file in spent.files if file.section is kind]
        if files:
            tokens = sum(file.tokens for file in files)
            rows.append((kind, f"{kind}: {counted(len(files))}, {short(tokens)}"))
    return rows


def left_out_words(spent: Spent) -> str:
    """Return how many files were left out and why, the most frequent reasons first."""
    reasons = Counter(
        one_line(file.reason.partition(":")[0])
        for file in spent.files
        if file.detail is Detail.OMITTED
    )
    if not reasons:
        return ""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{count:,} {reason}" for reason, count in ranked[:_REASONS]]
    if rest := sum(count for _, count in ranked[_REASONS:]):
        named.append(f"{rest:,} for other reasons")
    return f"left out: {counted(reasons.total())} ({', '.join(named)})"


def short(tokens: int) -> str:
    """Return a number of tokens in few characters: 812, 12.3k, 1.24M."""
    if tokens < 1000:
        return f"{tokens}"
    thousands = tokens < 999_950
    figure, unit = (f"{tokens / 1e3:.1f}", "k") if thousands else (f"{tokens / 1e6:.2f}", "M")
    return f"{figure.rstrip('0').rstrip('.')}{unit}"


def share(tokens: int, total: int) -> str:
    """Return a share in percent, with a decimal where it is small."""
    percent = 100 * tokens / (total or 1)
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:.1f}".removesuffix(".0") + "%" if percent < 9.95 else f"{percent:.0f}%"


def counted(count: int) -> str:
    """Return a number of files in words."""
    return f"{count:,} file{'s' * (count != 1)}"
