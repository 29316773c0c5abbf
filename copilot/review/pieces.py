"""The changed runs of a file, each with the decisions on its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.edits.changes import JOIN_GAP_LINES, Layout
from copilot.edits.diff import Range
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, code_of, spread
from copilot.review.shape import Origin


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
        run = self.run
        moved = run._replace(new_from=run.new_from + lines, new_to=run.new_to + lines)
        return replace(self, run=moved)


def found(run: Range, decision: Decision, origin: Origin, hunk: int | None = None) -> Piece:
    """Return a piece of one decision and origin."""
    size = run.old_to - run.old_from + run.new_to - run.new_from
    return Piece(run, hunk, bytes([code_of(decision)]) * size, bytes([origin]) * size)


def pieces_of(file: FileReview) -> list[Piece]:
    """Return the changed runs of a file whose lines can be decided one by one."""
    shape = file.shape
    marks, origins = spread(file.marks, shape.unit_count), shape.spread_origins()
    pieces: list[Piece] = []
    for index, hunk in enumerate(shape.hunks):
        at = shape.units(index).start
        for run in hunk.ranges:
            end = at + run.old_to - run.old_from + run.new_to - run.new_from
            pieces.append(Piece(run, index, marks[at:end], origins[at:end]))
            at = end
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


def _is_one_hunk(one: Piece, other: Piece) -> bool:
    gap = other.run.old_from - one.run.old_to
    return one.hunk == other.hunk and 0 < gap <= JOIN_GAP_LINES
