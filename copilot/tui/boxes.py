"""Comments as boxes of text between the lines of the diff."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from copilot.review.state import Comment
from copilot.text import one_line

_NARROWEST = 20


def boxed(comment: Comment, width: int) -> tuple[str, ...]:
    """Return a comment's text in a frame at most `width` cells wide, safe to show."""
    room = max(_NARROWEST, width) - 4
    title = " rejected " if comment.is_rejection else " comment "
    texts = [text for line in comment.text.splitlines() or [""] for text in wrapped(line, room)]
    inner = max([len(title) + 1, *map(cell_len, texts)])
    body = (f"│ {set_cell_size(text, inner)} │" for text in texts)
    return (f"╭─{title}{'─' * (inner + 1 - len(title))}╮", *body, f"╰{'─' * (inner + 2)}╯")


def wrapped(line: str, width: int) -> Iterator[str]:
    """Yield a line in parts of at most `width` cells, safe to show, cut between words if it can."""
    text = ""
    for word in one_line(line).split(" "):
        joined = f"{text} {word}" if text else word
        if cell_len(joined) <= width:
            text = joined
            continue
        if text:
            yield text
        while cell_len(word) > width:
            part = set_cell_size(word, width).rstrip(" ")
            yield part
            word = word[len(part) :]
        text = word
    yield text
