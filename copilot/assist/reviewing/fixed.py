"""Our own checks of a change: they ask no model, and no model can talk them out of anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from copilot.assist.reviewing.finding import Finding, Origin, Severity
from copilot.workspace.diffs import Diff, DiffFile, DiffHunk, DiffLine
from copilot.workspace.kinds import is_lock_file, is_secret_file
from copilot.workspace.masker import Masker
from copilot.workspace.masks.files import traits_of
from copilot.workspace.masks.find import find_secrets
from copilot.workspace.masks.placeholders import PLACEHOLDER_KIND
from copilot.workspace.masks.private_keys import KIND as PRIVATE_KEY
from copilot.workspace.masks.private_keys import key_line
from copilot.workspace.masks.span import Span
from copilot.workspace.protected import protection

SECRET, CONFLICT, PROTECTED = "secret", "conflict", "protected"
_HIDDEN = "MASKED"
# What git writes by itself; a line of `=` alone is an underline in many a text.
_MARKS = ("<" * 7, "|" * 7, "=" * 7, ">" * 7)
# The same marks begin and end the edit blocks that models write, and that texts about them hold.
_EDIT_BLOCKS = frozenset(
    {f"{_MARKS[0]} {verb}" for verb in ("SEARCH", "ORIGINAL", "CREATE", "DELETE", "RENAME")}
    | {f"{_MARKS[0]} OVERWRITE"}
    | {f"{_MARKS[3]} {end}" for end in ("REPLACE", "UPDATED", "END")}
)
_INSTRUCTIONS = frozenset({"agents.md", "claude.md", "gemini.md"})
_INSTRUCTION_ENDS = (".github/copilot-instructions.md", ".cursorrules", ".windsurfrules")


@dataclass(frozen=True)
class _Shown:
    """A hunk's lines after the change without the values of secrets, and where secrets are."""

    lines: tuple[DiffLine, ...]
    texts: tuple[str, ...]
    secrets: tuple[tuple[int, int, str], ...]


# Yields blobs by their ids, as far as they are there.
ReadBlobs = Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]


def fixed_findings(
    diff: Diff, masker: Masker | None, read: ReadBlobs | None = None
) -> list[Finding]:
    """Return what our own checks find in a change, by place; no secret's value is among it.

    That is secrets in added lines and files that are named for holding them, marks of conflicts
    left in, and changes to files that run by themselves or tell tools what to do. Without a masker
    a secret stands as one word in what is quoted. `read` is asked for files in which lines outside
    a hunk tell what the hunk holds.
    """
    texts = _whole_texts(diff, read) if read else {}
    return [
        finding
        for file in diff.files
        for finding in _of_file(file, masker, texts.get(file.blob or ""))
    ]


def _whole_texts(diff: Diff, read: ReadBlobs) -> Mapping[str, str]:
    """Return the changed YAML files by their blobs: far above its data stands what a document is.

    What is no UTF-8, or not there, is judged by its hunks alone.
    """
    ids = [f.blob for f in diff.files if f.blob and f.hunks and traits_of(f.path).yaml]
    texts = {}
    for blob, data in read(ids) if ids else ():
        with suppress(UnicodeDecodeError):
            texts[blob] = data.decode().replace("\r\n", "\n")
    return texts


def _of_file(file: DiffFile, masker: Masker | None, whole: str | None) -> Iterator[Finding]:
    shown = [_shown(file, hunk, masker, whole=whole) for hunk in file.hunks]
    if file.status != "deleted":
        yield from _secret_names(file, shown)
    if why := _protection(file.path) or _protection(file.old_path or ""):
        line, evidence = _first_change(file, masker)
        claim = f"this file {why}"
        yield _finding(file, (line, line), Severity.NOTE, PROTECTED, claim, evidence)
    for hunk in shown:
        yield from _secrets(file, hunk)
        yield from _conflicts(file, hunk)


def _finding(
    file: DiffFile,
    lines: tuple[int, int],
    severity: Severity,
    category: str,
    claim: str,
    evidence: str,
) -> Finding:
    return Finding(file.path, *lines, severity, category, claim, evidence, origin=Origin.CHECK)


def _shown(
    file: DiffFile,
    hunk: DiffHunk,
    masker: Masker | None,
    sign: str = "-",
    whole: str | None = None,
) -> _Shown:
    """Return the side of a hunk without the lines of a sign, masked; `whole` is that file."""
    lines = tuple(line for line in hunk.lines if line.sign != sign)
    text = "\n".join(line.text.removesuffix("\r") for line in lines)
    spans = find_secrets(file.path, text)
    if whole is not None and lines:
        spans = _united(spans, _inside(file.path, text, whole, (lines[0].new or 1) - 1))
    found = [(text.count("\n", 0, s.start), text.count("\n", 0, s.end), s.kind) for s in spans]
    texts = (_without_key(line, masker) for line in _masked(text, spans, masker).split("\n"))
    return _Shown(lines, tuple(texts), tuple(_joined(found)))


def _inside(path: str, text: str, whole: str, before: int) -> list[Span]:
    """Return the secrets of a file that lie in a part of it, behind so many lines."""
    start = sum(len(line) + 1 for line in whole.split("\n")[:before])
    end = start + len(text)
    if whole[start:end] != text:
        return []
    found = (span for span in find_secrets(path, whole) if start <= span.start < span.end <= end)
    return [Span(span.start - start, span.end - start, span.kind) for span in found]


def _united(spans: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """Return the spans of both, without those of the second that overlap one of the first."""
    new = [o for o in others if all(o.end <= s.start or s.end <= o.start for s in spans)]
    return tuple(sorted((*spans, *new), key=lambda span: span.start))


def _without_key(line: str, masker: Masker | None) -> str:
    """Return a line without what may be a key's, which the hunk shows only a piece of."""
    span = key_line(line)
    return _masked(line, [span], masker) if span else line


def _joined(found: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield secrets by their lines; a private key, which has many, is one."""
    before: tuple[int, int, str] | None = None
    for one in found:
        if before and before[2] == one[2] == PRIVATE_KEY and one[0] <= before[1] + 1:
            before = (before[0], one[1], PRIVATE_KEY)
            continue
        if before:
            yield before
        before = one
    if before:
        yield before


def _masked(text: str, spans: Sequence[Span], masker: Masker | None) -> str:
    """Return a text with as many lines as before, without the values of secrets."""
    for span in reversed(spans):
        value = text[span.start : span.end]
        word = masker.mask(value, [Span(0, len(value), span.kind)])[0] if masker else _HIDDEN
        text = text[: span.start] + word + "\n" * value.count("\n") + text[span.end :]
    return text


def _secret_names(file: DiffFile, shown: Sequence[_Shown]) -> Iterator[Finding]:
    came = file.status in {"added", "renamed", "copied"}
    if came and is_secret_file(file.path) and not is_secret_file(file.old_path or ""):
        claim = "files of this name hold keys or passwords"
        evidence = shown[0].texts[0] if shown and shown[0].lines else ""
        yield _finding(file, (1, 1), Severity.WARNING, SECRET, claim, evidence)


def _secrets(file: DiffFile, shown: _Shown) -> Iterator[Finding]:
    for first, last, kind in dict.fromkeys(shown.secrets):
        lines = shown.lines[first : last + 1]
        if kind == PLACEHOLDER_KIND or not any(line.sign == "+" for line in lines):
            continue
        claim = f"what looks like a secret is added: {kind.replace('-', ' ')}"
        evidence = "\n".join(shown.texts[first : last + 1]).rstrip("\n")
        yield _finding(file, _span(lines), Severity.ERROR, SECRET, claim, evidence)


def _conflicts(file: DiffFile, shown: _Shown) -> Iterator[Finding]:
    """Yield each conflict whose marks were added; a beginning without an end is one too."""
    claim = "marks of a merge conflict are left in"
    begun: int | None = None
    for at, line in enumerate(shown.lines):
        mark = _mark(line)
        if mark == _MARKS[0]:
            if begun is not None:
                yield _conflict(file, shown, begun, begun, claim)
            begun = at
        elif mark == _MARKS[3]:
            yield _conflict(file, shown, at if begun is None else begun, at, claim)
            begun = None
    if begun is not None:
        yield _conflict(file, shown, begun, begun, claim)


def _conflict(file: DiffFile, shown: _Shown, first: int, last: int, claim: str) -> Finding:
    lines = shown.lines[first : last + 1]
    marks = [text for line, text in zip(lines, shown.texts[first:], strict=False) if _mark(line)]
    return _finding(file, _span(lines), Severity.ERROR, CONFLICT, claim, "\n".join(marks))


def _mark(line: DiffLine) -> str | None:
    """Return the mark of a conflict that an added line is, if it is one."""
    text = line.text.removesuffix("\r")
    mark = text[:7]
    is_mark = line.sign == "+" and mark in _MARKS and text[7:8] in {"", " "}
    return mark if is_mark and text not in _EDIT_BLOCKS else None


def _span(lines: Sequence[DiffLine]) -> tuple[int, int]:
    return lines[0].new or 1, lines[-1].new or 1


def _protection(path: str) -> str:
    """Return why a change to a file of this name is told, or an empty string."""
    if not path or is_lock_file(path):
        return ""
    lower = path.casefold()
    is_told = lower.rpartition("/")[2] in _INSTRUCTIONS or lower.endswith(_INSTRUCTION_ENDS)
    is_told = is_told or path.rpartition("/")[2] == "CONVENTIONS.md"
    return protection(path) or ("tells coding agents what to do" if is_told else "")


def _first_change(file: DiffFile, masker: Masker | None) -> tuple[int, str]:
    """Return the number of the first line that changed, and that line masked."""
    if not file.hunks:
        return 1, ""
    hunk = file.hunks[0]
    changed = next((line for line in hunk.lines if line.sign != " "), None)
    if changed is None:
        return 1, ""
    shown = _shown(file, hunk, masker, "-" if changed.sign == "+" else "+")
    number = changed.new or changed.old if file.status == "deleted" else changed.new
    return number or max(hunk.new_start, 1), shown.texts[shown.lines.index(changed)]
