"""A commit as an example: what its author said of it, and the change as edit blocks.

The blocks are those that `edit` asks a model for, but for their markers, which are one character
shorter than those of any prompt: so an example holds no mark of a prompt's frame, and a reply that
copies them is understood all the same. A text with lines that look like markers makes no example.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.assist.message_style import OF_A_FORGE, names_person, trailers_of
from copilot.edits.diff import Range, changed_ranges
from copilot.edits.markers import is_nearly_marker
from copilot.text import visible

MARKER = 6
MOST_LINES = 200
MOST_BYTES = 8_000
# To be found again by a line with others around it, a change may need so many of them.
_MOST_AROUND = 12
_MOST_MESSAGE, _MOST_MESSAGE_LINES = 1_000, 20
_LONGEST_LINE = 400
_MARK = re.compile(rf"<{{{MARKER - 1},}} |={{{MARKER - 1},}}\s*$|>{{{MARKER - 1},}} ")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class TextChange:
    """A file's texts before and after, None where there was none; `path` begins with the alias."""

    path: str
    old: str | None
    new: str | None


def example_text(message: str, changes: Sequence[TextChange]) -> str | None:
    """Return the example, None where a change is none that could be learned from.

    That is: too large, of white space alone, a file moved, no whole lines, or not to be told apart
    from other places of its file by a few lines around it.
    """
    task = told_message(message)
    if not task or _is_formatting(changes) or _moves(changes):
        return None
    edits = [edit for change in changes for edit in _edits(change)]
    if not edits or None in edits:
        return None
    blocks = [edit for edit in edits if edit]
    files, plural = len(changes), "" if len(blocks) == 1 else "s"
    closing = f"END OF EDITS: {files} file{'' if files == 1 else 's'}, {len(blocks)} block{plural}"
    text = "\n".join([f"Task: {task}\n\nReply:\n", *blocks, f"{closing}\n"])
    return text if len(text.encode("utf-8", "surrogatepass")) <= MOST_BYTES else None


def told_message(message: str) -> str:
    """Return what a commit's message says of it, without trailers and what names people."""
    text = message.strip()
    if trailers_of(text):
        text = text[: list(re.finditer(r"\n[ \t]*\n", text))[-1].start()]
    subject, *rest = text.splitlines() or [""]
    kept = [line.rstrip() for line in rest if not names_person(line)][:_MOST_MESSAGE_LINES]
    lines = [OF_A_FORGE.sub("", subject).rstrip(), *kept]
    said = visible("\n".join(lines).strip()[:_MOST_MESSAGE]).rstrip()
    return "" if any(map(_is_mark, said.split("\n"))) else said


def _edits(change: TextChange) -> list[str | None]:
    """Return the blocks for a file; None among them where there is no sound one."""
    path, old, new = change.path, change.old, change.new
    texts = [text for text in (old, new) if text is not None]
    if any(not text.endswith("\n") for text in texts) or old == new:
        return [None]
    if old is None:
        return [_block(path, "CREATE", new or "")]
    if new is None:
        return [_block(f"A file to delete:\n{path}", "DELETE", "")]
    return _replacements(path, old, new)


def _replacements(path: str, old: str, new: str) -> list[str | None]:
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    # Other characters end lines in Python than in a block.
    if old.count("\n") != len(before) or new.count("\n") != len(after):
        return [None]
    runs = changed_ranges([x.encode() for x in before], [x.encode() for x in after])
    if sum(run.size for run in runs) > MOST_LINES:
        return [None]
    widened = [_widened(run, before, old) for run in runs]
    if None in widened:
        return [None]
    blocks: list[str | None] = []
    for run in _joined([lines for lines in widened if lines], runs):
        search = "".join(before[run.old_from : run.old_to])
        text = "".join(after[run.new_from : run.new_to])
        blocks.append(_block(path, "SEARCH", f"{search}{'=' * MARKER}\n{text}", [search, text]))
    return blocks


def _widened(run: Range, before: Sequence[str], old: str) -> tuple[int, int] | None:
    """Return the old lines of a run with as many around as make them stand once; None if none."""
    start, end = run.old_from, run.old_to
    for step in range(_MOST_AROUND + 1):
        search = "".join(before[start:end])
        if search and occurrences(search, old) == 1:
            return start, end
        if start and (step % 2 == 0 or end == len(before)):
            start -= 1
        elif end < len(before):
            end += 1
    return None


def _joined(widened: Sequence[tuple[int, int]], runs: Sequence[Range]) -> list[Range]:
    """Return the runs with the lines around them, those in one that overlap then.

    What lies between changes is equal in both texts.
    """
    groups: list[tuple[int, int, Range, Range]] = []
    for (start, end), run in zip(widened, runs, strict=True):
        group = (start, end, run, run)
        while groups and group[0] <= groups[-1][1]:
            above, below, first, _ = groups.pop()
            group = (min(group[0], above), max(group[1], below), first, run)
        groups.append(group)
    return [
        Range(start, end, first.new_from - first.old_from + start, last.new_to + end - last.old_to)
        for start, end, first, last in groups
    ]


def occurrences(search: str, text: str) -> int:
    """Return how often a text holds another, overlaps too; two stand for more."""
    first = text.find(search)
    if first < 0:
        return 0
    return 1 if text.find(search, first + 1) < 0 else 2


def _block(path: str, verb: str, body: str, texts: Sequence[str] | None = None) -> str | None:
    """Return a block, None where a line of it could be taken for a marker or is too long."""
    lines = [line for text in (texts or [body]) for line in text.split("\n")]
    if len(lines) > MOST_LINES or any(_is_mark(x) or len(x) > _LONGEST_LINE for x in lines):
        return None
    end = "REPLACE" if verb == "SEARCH" else "END"
    return f"{path}\n{'<' * MARKER} {verb}\n{body}{'>' * MARKER} {end}\n"


def _is_mark(line: str) -> bool:
    return _MARK.match(line) is not None or is_nearly_marker(line)


def _is_formatting(changes: Sequence[TextChange]) -> bool:
    """Tell whether nothing is left of a change where white space does not count."""
    pairs = ((change.old or "", change.new or "") for change in changes)
    return all(_BLANKS.sub("", old) == _BLANKS.sub("", new) for old, new in pairs)


def _moves(changes: Sequence[TextChange]) -> bool:
    """Tell whether a file was moved: a model would be asked for another verb."""
    gone = {change.old for change in changes if change.new is None}
    return any(change.old is None and change.new in gone for change in changes)
