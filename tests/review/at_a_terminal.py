"""What a person types into a review line by line, and what is shown."""

from __future__ import annotations

from collections.abc import Iterator

from copilot.edits.changes import ChangeSet, FileChange

NUMBERED = b"".join(b"%d\n" % number for number in range(1, 31))
THREE_HUNKS = (
    NUMBERED.replace(b"\n3\n", b"\nx\n").replace(b"\n13\n", b"\n").replace(b"\n23\n", b"\n23\nz\n")
)
CHANGES = ChangeSet(
    (
        FileChange("main", "a.py", NUMBERED, THREE_HUNKS),
        FileChange("main", "b.py", None, b"new\n"),
    )
)


class Terminal:
    """Types the given answers and keeps what is shown and asked."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.prompts: list[str] = []
        self.shown: list[str] = []

    def read(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return next(self._answers, None)

    def write(self, text: str) -> None:
        self.shown.append(text)
