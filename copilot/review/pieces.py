"""The changed runs of a file, each with the decisions on its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.edits.changes import JOIN_GAP_LINES, FileChange, Layout
from copilot.edits.diff import Range
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, code_of, packed, spread
from copilot.review.shape import Origin, Shape


@dataclass(frozen=True)
class Piece:
    """A changed run from the file before to a text, with a byte of marks and origins per unit.

    `hunk` is the hunk it stood in, None for a run that was found anew; `source` the number of the
    run it was part of.
    """

    run: Range
    hunk: int | None
    marks: bytes
    origins: bytes
    source: int = -1

    def moved(self, lines: int) -> Piece:
        """Return the piece with the text before it longer by so many lines."""
        return replace(self, run=self.run.moved(0, lines))


def found(run: Range, decision: Decision, origin: Origin, hunk: int | None = None) -> Piece:
    """Return a piece of one decision and origin."""
    marks, origins = (bytes([code]) * run.size for code in (code_of(decision), origin))
    return Piece(run, hunk, marks, origins)


def pieces_of(file: FileReview) -> list[Piece]:
    """Return the changed runs of a file whose lines can be decided one by one."""
    shape = file.shape
    marks, origins = spread(file.marks, shape.unit_count), shape.spread_origins()
    pieces: list[Piece] = []
    for index, hunk in enumerate(shape.hunks):
        at = shape.units(index).start
        for run in hunk.ranges:
            stop = at + run.size
            pieces.append(Piece(run, index, marks[at:stop], origins[at:stop]))
            at = stop
    return pieces


def laid_out(pieces: Sequence[Piece]) -> Layout:
    """Group pieces to hunks: those of one hunk stay together, as do new ones near each other."""
    groups: list[list[Range]] = []
    last: Piece | None = None
    for piece in pieces:
        if last is not None and _is_one_hunk(last, piece):
            groups[-1].append(piece.run)
        else:
            groups.append([piece.run])
        last = piece
    return tuple(tuple(group) for group in groups)


def has_lines(old: FileChange, new: FileChange) -> bool:
    """Tell whether both texts can be compared line by line."""
    emptied = None in (new.before, new.after) and not new.before and not new.after
    return old.is_divisible and new.is_divisible and not emptied


def heads_of(file: FileReview) -> tuple[bytes, bytes]:
    """Return the marks and origins of what comes before the text: a move, a new mode."""
    count = sum(hunk.kind in ("rename", "mode") for hunk in file.hunks)
    marks = spread(file.marks, file.shape.unit_count)
    return marks[:count], file.shape.spread_origins()[:count]


def of_pieces(shape: Shape, heads: tuple[bytes, bytes], pieces: Sequence[Piece]) -> FileReview:
    """Return a file of these pieces; `heads` are marks and origins of a move and a new mode."""
    pieces = pieces if shape.change.before != shape.change.after else ()
    marks = b"".join([heads[0], *(piece.marks for piece in pieces)])
    origins = b"".join([heads[1], *(piece.origins for piece in pieces)])
    told = origins if any(origins) else Origin.KNOWN
    return FileReview(replace(shape, layout=laid_out(pieces), origins=told), packed(marks))


def _is_one_hunk(one: Piece, other: Piece) -> bool:
    gap = other.run.old_from - one.run.old_to
    return one.hunk == other.hunk and 0 < gap <= JOIN_GAP_LINES
