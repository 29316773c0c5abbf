"""A further change laid over one that is decided: what stays of it, and what is new."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from copilot.edits.diff import Range, changed_ranges
from copilot.review.marks import Decision
from copilot.review.pieces import Piece, found
from copilot.review.shape import Origin
from copilot.review.slots import slots_of

# What a run found anew is until its caller knows better.
_UNKNOWN = (Decision.UNDECIDED, Origin.KNOWN)


def over(
    pieces: Sequence[Piece],
    before: Sequence[bytes],
    middle: Sequence[bytes],
    after: Sequence[bytes],
) -> list[Piece]:
    """Return the runs from `before` to `after`, where `pieces` are those from `before` to `middle`.

    A piece that stands in `after` stays as it is, to the line; where the change from `middle` to
    `after` cuts into one, only the slots that it touches are found anew, undecided.
    """
    steps = changed_ranges(middle, after)
    starts, ends = [step.old_from for step in steps], [step.old_to for step in steps]
    atoms: list[Piece] = []
    for number, piece in enumerate(pieces):
        run = piece.run
        near = steps[bisect_left(ends, run.new_from) : bisect_right(starts, run.new_to)]
        atoms += _atoms(replace(piece, source=number), near, before, middle)
    return _settled(_joined([*_swept(atoms, steps, before, after)]), before, after)


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Tell whether two stretches share a line, or one lies inside the other as a point."""
    (from_, to), (start, stop) = one, other
    if from_ == to or start == stop:
        return start < from_ < stop or from_ < start < to
    return max(from_, start) < min(to, stop)


def _atoms(
    piece: Piece, steps: Sequence[Range], before: Sequence[bytes], middle: Sequence[bytes]
) -> Iterator[Piece]:
    """Yield a piece whole, or slot by slot where a step cuts into it."""
    run = piece.run
    if not any(_meets((run.new_from, run.new_to), step[:2]) for step in steps):
        yield piece
        return
    for slot, units in slots_of(run, before, middle):
        marks, origins = (bytes(data[u] for u in units) for data in (piece.marks, piece.origins))
        yield replace(piece, run=slot, marks=marks, origins=origins)


def _swept(
    atoms: Sequence[Piece], steps: Sequence[Range], before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[Piece]:
    """Yield pieces and steps in the order of the text between, as runs over both."""
    atoms_left, steps_left = [*reversed(atoms)], [*reversed(steps)]
    old_shift, new_shift = 0, 0
    while atoms_left or steps_left:
        some, more = _cluster(atoms_left, steps_left)
        start = min([atom.run.new_from for atom in some] + [step.old_from for step in more])
        stop = max([atom.run.new_to for atom in some] + [step.old_to for step in more])
        old_from, new_from = start + old_shift, start + new_shift
        old_shift = some[-1].run.old_to - some[-1].run.new_to if some else old_shift
        new_shift = more[-1].new_to - more[-1].old_to if more else new_shift
        run = Range(old_from, stop + old_shift, new_from, stop + new_shift)
        if not more:
            yield replace(some[0], run=run)
            continue
        yield from _found_within(run, before, after) if some else [found(run, *_UNKNOWN)]


def _cluster(atoms: list[Piece], steps: list[Range]) -> tuple[list[Piece], list[Range]]:
    """Take the next piece or step off the reversed lists, with all that it meets."""
    some: list[Piece] = []
    more: list[Range] = []
    atom_is_next = bool(atoms) and (
        not steps or (atoms[-1].run.new_from, atoms[-1].run.new_to) <= steps[-1][:2]
    )
    if atom_is_next:
        some.append(atoms.pop())
    else:
        more.append(steps.pop())
    while True:
        if steps and any(_meets(steps[-1][:2], (a.run.new_from, a.run.new_to)) for a in some):
            more.append(steps.pop())
        elif atoms and any(
            _meets((atoms[-1].run.new_from, atoms[-1].run.new_to), step[:2]) for step in more
        ):
            some.append(atoms.pop())
        else:
            return some, more


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Join neighbouring pieces that were one run."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and piece.source == last.source >= 0 and _touch(last.run, piece.run):
            joined[-1] = _one(last, piece)
        else:
            joined.append(piece)
    return joined


def _touch(one: Range, other: Range) -> bool:
    return one.old_to == other.old_from and one.new_to == other.new_from


def _one(first: Piece, second: Piece) -> Piece:
    olds = first.run.old_to - first.run.old_from, second.run.old_to - second.run.old_from
    run = Range(first.run.old_from, second.run.old_to, first.run.new_from, second.run.new_to)
    marks, origins = (
        one[: olds[0]] + other[: olds[1]] + one[olds[0] :] + other[olds[1] :]
        for one, other in ((first.marks, second.marks), (first.origins, second.origins))
    )
    return replace(first, run=run, marks=marks, origins=origins)


def _settled(
    pieces: Sequence[Piece], before: Sequence[bytes], after: Sequence[bytes]
) -> list[Piece]:
    """Return the pieces without what two that touch take back from each other.

    A line that one strikes and a new one beside it adds is no change; both are found anew.
    """
    settled: list[Piece] = []
    for piece in pieces:
        last = settled[-1] if settled else None
        if last is None or not _touch(last.run, piece.run) or None not in (last.hunk, piece.hunk):
            settled.append(piece)
            continue
        run = Range(last.run.old_from, piece.run.old_to, last.run.new_from, piece.run.new_to)
        anew = [*_found_within(run, before, after)]
        if sum(len(one.marks) for one in anew) < len(last.marks) + len(piece.marks):
            settled[-1:] = anew
        else:
            settled.append(piece)
    return settled


def _found_within(run: Range, before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[Piece]:
    """Yield what differs within a run, as new pieces."""
    old, new = before[run.old_from : run.old_to], after[run.new_from : run.new_to]
    for part in changed_ranges(old, new):
        yield found(part.moved(run.old_from, run.new_from), *_UNKNOWN)
