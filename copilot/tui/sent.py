"""What will be told to a model that is asked again, in lines for the person."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.review.feedback import Feedback, FileFeedback
from copilot.text import one_line
from copilot.tui.labels import count


def sent_lines(said: Feedback) -> tuple[str, ...]:
    """Return the lines: each file, then its reasons, comments and edits."""
    return tuple(line for file in said.files for line in _of_file(file))


def _of_file(file: FileFeedback) -> Iterator[str]:
    counts = (("accepted", file.accepted), ("rejected", file.rejected), ("open", file.undecided))
    parts = [f"{count(len(found), 'part')} {word}" for word, found in counts if found]
    parts += [count(len(file.comments), "comment")] if file.comments else []
    parts += ["edited by you"] if file.edited else []
    yield f"{one_line(file.name)}: {', '.join(parts)}"
    for part in file.rejected:
        for reason in part.reasons:
            yield f"  rejected {_lines(part.old, part.new)}: {one_line(reason)}"
    for comment in file.comments:
        yield f"  {_lines(comment.old, comment.new)}: {one_line(comment.text)}"


def _lines(old: range, new: range) -> str:
    """Return the 1-based lines of the file after the change, or of that before."""
    lines, when = (new, "") if new else (old, "old ")
    if len(lines) <= 1:
        return f"{when}line {lines.start + 1}"
    return f"{when}lines {lines.start + 1}-{lines.stop}"
