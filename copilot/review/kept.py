"""What was decided of a proposal, as plain data: to be written as it happens, and taken up again.

Each piece tells of the files that changed since the one before, whole; the last word on a file
counts.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from copilot.edits.changes import ChangeSet, DiffLine, FileChange
from copilot.edits.diff import Range
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, Marks
from copilot.review.remarks import Comment
from copilot.review.shape import Origin, Shape
from copilot.review.state import Review, start

Told = Mapping[str, Any]
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, zlib.error)
_FAST = 1
_CODES = bytes(range(len(Decision)))


def proposed(review: Review) -> ChangeSet:
    """Return what is under review as the model gave it."""
    return ChangeSet(tuple(file.proposed for file in review.files))


def key_of(changes: ChangeSet) -> str:
    """Return a name for a proposal: the same for the same changes of the same bytes."""
    digest = hashlib.sha256()
    for change in changes.changes:
        texts = [text if text is None else hashlib.sha256(text).digest() for text in _texts(change)]
        names = (change.repository, change.path, change.old_path, change.old_mode, change.mode)
        digest.update(ascii((names, texts)).encode())
    return digest.hexdigest()


def told(review: Review, before: Review | None = None) -> dict[str, Any]:
    """Return what was decided since `before`, a former state of it; without one, since the start.

    Empty where nothing was.
    """
    former = before or start(proposed(review))
    pairs = enumerate(zip(review.files, former.files, strict=True))
    files = {
        str(index): _file(file)
        for index, (file, was) in pairs
        if file is not was and (file.marks != was.marks or _by_hand(file) != _by_hand(was))
    }
    pieces: dict[str, Any] = {"files": files} if files else {}
    if review.comments != former.comments:
        pieces["comments"] = [_comment(comment) for comment in review.comments]
    return pieces


def resumed(begun: Review, pieces: Iterable[Told]) -> Review:
    """Return a review that has just begun with what pieces tell of it; of others, as far as fits.

    Undo begins anew.
    """
    files, comments = list(begun.files), begun.comments
    for piece in pieces:
        for index, file in _mapping(piece.get("files")).items():
            try:
                number = int(index)
                files[number] = _read_file(begun.files[number], file)
            except _UNREADABLE:
                continue
        try:
            comments = tuple(map(_read_comment, piece["comments"]))
        except _UNREADABLE:
            continue
    known = tuple(comment for comment in comments if 0 <= comment.file < len(files))
    return replace(begun, files=tuple(files), comments=known, past=None, future=None)


def _texts(change: FileChange) -> tuple[bytes | None, bytes | None]:
    return change.before, change.after


def _by_hand(file: FileReview) -> tuple[object, ...]:
    """Return what makes a file's hunks other than those of the proposal."""
    shape = file.shape
    return (None if not file.is_edited else shape.change, shape.layout, shape.origins)


def _file(file: FileReview) -> dict[str, Any]:
    shape = file.shape
    found: dict[str, Any] = {"marks": _marks(file.marks)}
    if shape.layout is not None:
        found["layout"] = [[list(run) for run in group] for group in shape.layout]
    if shape.origins is not Origin.KNOWN:
        origins = shape.origins
        found["origins"] = int(origins) if isinstance(origins, Origin) else _packed(origins)
    if file.is_edited:
        change = shape.change
        found["after"] = None if change.after is None else _packed(change.after)
        found["modes"] = [change.old_mode, change.mode]
    return found


def _read_file(file: FileReview, told_of: Told) -> FileReview:
    """Read a file's decisions. Raises ValueError where they are not of this file."""
    change = file.proposed
    if "after" in told_of:
        after = told_of["after"]
        old_mode, mode = told_of["modes"]
        text = None if after is None else _unpacked(after)
        change = replace(change, after=text, old_mode=old_mode, mode=mode)
    layout = told_of.get("layout")
    if layout is not None:
        layout = tuple(tuple(Range(*run) for run in group) for group in layout)
    origins = told_of.get("origins", int(Origin.KNOWN))
    shape = Shape(
        change,
        file.proposed,
        file.flags,
        layout,
        Origin(origins) if isinstance(origins, int) else _unpacked(origins),
    )
    marks = _read_marks(told_of["marks"])
    for codes in (marks, shape.origins):
        if isinstance(codes, bytes) and (len(codes) != shape.unit_count or codes.strip(_CODES)):
            raise ValueError("decisions on other lines")
    return FileReview(shape, marks)


def _marks(marks: Marks) -> str:
    return marks.value if isinstance(marks, Decision) else f"={_packed(marks)}"


def _read_marks(text: str) -> Marks:
    return _unpacked(text[1:]) if text.startswith("=") else Decision(text)


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "file": comment.file,
        "path": comment.path,
        "old": [comment.old.start, comment.old.stop],
        "new": [comment.new.start, comment.new.stop],
        "quoted": [[line.tag, _packed(line.data)] for line in comment.quoted],
        "text": comment.text,
        "is_rejection": comment.is_rejection,
    }


def _read_comment(told_of: Told) -> Comment:
    return Comment(
        int(told_of["file"]),
        str(told_of["path"]),
        range(*told_of["old"]),
        range(*told_of["new"]),
        tuple(DiffLine(tag, _unpacked(data)) for tag, data in told_of["quoted"]),
        str(told_of["text"]),
        bool(told_of["is_rejection"]),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _packed(data: bytes) -> str:
    return b64encode(zlib.compress(data, _FAST)).decode("ascii")


def _unpacked(text: str) -> bytes:
    return zlib.decompress(b64decode(text, validate=True))
