"""What becomes of the decisions on a file when its change becomes another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from copilot.edits.changes import FileChange, layout_of, split_lines
from copilot.edits.diff import Range, changed_ranges, equal_lines
from copilot.edits.flags import Flag
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, code_of, taken_units
from copilot.review.overlay import over
from copilot.review.pieces import Piece, found, has_lines, of_pieces, pieces_of
from copilot.review.shape import Origin, Shape
from copilot.review.slots import slots_of
from copilot.review.taking import Taken, taken_lines


def renewed_file(old: FileReview | None, new: FileChange, flags: tuple[Flag, ...]) -> FileReview:
    """Return the next proposal for a file with the decisions on the one before.

    What was accepted and stands in the new text stays accepted; what was rejected and comes again
    in the same place stays rejected. All that was not in the proposal before is fresh.
    """
    if old is None:
        return FileReview(Shape(new, new, flags, None, Origin.FRESH))
    if new == old.change:
        # The old object knows its hunks already.
        return FileReview(Shape(old.change, old.change, flags, old.shape.layout), old.marks)
    if not has_lines(old.change, new):
        return FileReview(Shape(new, new, flags, None, Origin.FRESH))
    heads = _renewed_heads(old, new)
    if new.before != old.change.before:
        return _placed_again(old, Shape(new, new, flags), heads)
    taken = taken_lines(old.shape, taken_units(old.marks, old.shape.unit_count))
    before, after = split_lines(new.before or b""), split_lines(new.after or b"")
    known = _known(old)
    pieces = [
        _again(piece, known, before, after) if piece.hunk is None else piece
        for piece in over(_standing(taken, before), before, taken.lines, after)
    ]
    return of_pieces(Shape(new, new, flags), heads, pieces)


def _standing(taken: Taken, before: Sequence[bytes]) -> list[Piece]:
    """Return the runs that lead to what is taken, all accepted."""
    runs, hunks = taken.runs, taken.origins
    if taken.is_mended:
        runs = changed_ranges(before, taken.lines)
        hunks = [*range(len(runs))]
    placed = zip(runs, hunks, strict=True)
    return [found(run, Decision.ACCEPTED, Origin.KNOWN, hunk) for run, hunk in placed]


def _renewed_heads(old: FileReview, new: FileChange) -> tuple[bytes, bytes]:
    """Return marks and origins for a move and a new mode, decided as the same ones were."""
    was: dict[str, int] = {
        hunk.kind: code_of(old.hunk_decision(index) or Decision.UNDECIDED)
        for index, hunk in enumerate(old.hunks)
        if hunk.kind in ("rename", "mode")
    }
    is_same = {"rename": new.path == old.change.path, "mode": new.mode == old.change.mode}
    is_there = {"rename": bool(new.old_path), "mode": new.changes_mode}
    kinds = [
        kind
        for kind in ("rename", "mode")
        if is_there[kind] and None not in (new.before, new.after)
    ]
    known = [is_same[kind] and kind in was for kind in kinds]
    marks = bytes(was[kind] if same else 0 for kind, same in zip(kinds, known, strict=True))
    return marks, bytes(Origin.KNOWN if same else Origin.FRESH for same in known)


# A slot apart from where it stands after the change: the index of the line struck, or of that which
# it is added above (then with False), and the line added.
_Key = tuple[int, bool, bytes | None]


@dataclass
class _Known:
    """The slots of a decided change: which there are, and the marks of their units, best first.

    `struck` are the lines that were struck, `gone` those accepted so with nothing in their place.
    """

    marks: dict[_Key, list[bytes]] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def take(self, key: _Key) -> list[int | None]:
        """Return the marks of a slot's units, each told once; None for a unit of no such slot.

        What was struck or added alone, and accepted, is the same with another line beside it.
        """
        if told := self._pop(key):
            return [*told]
        at, is_struck, added = key
        if not is_struck or added is None:
            return [None]
        below = self._pop((at, False, added)) or self._pop((at + 1, False, added))
        accepted = code_of(Decision.ACCEPTED)
        halves = (self._pop((at, True, None)), below)
        return [(accepted if accepted in told else 0) if told else None for told in halves]

    def _pop(self, key: _Key) -> bytes:
        left = self.marks.get(key)
        return left.pop(0) if left else b""


def _known(file: FileReview) -> _Known:
    """Return the decisions on all slots; of equal ones, those that were not rejected come first."""
    before, after = split_lines(file.change.before or b""), split_lines(file.change.after or b"")
    known, accepted = _Known(), code_of(Decision.ACCEPTED)
    for piece in pieces_of(file):
        known.struck |= {*range(piece.run.old_from, piece.run.old_to)}
        for key, units in _keyed(piece.run, before, after):
            marks = bytes(piece.marks[unit] for unit in units)
            known.marks.setdefault(key, []).append(marks)
            if key[1] and marks[0] == accepted and accepted not in marks[1:]:
                known.gone.add(key[0])
    rejected = code_of(Decision.REJECTED)
    for marks_of_equals in known.marks.values():
        marks_of_equals.sort(key=lambda marks: rejected in marks)
    return known


def _again(piece: Piece, known: _Known, before: Sequence[bytes], after: Sequence[bytes]) -> Piece:
    """Return a run of the new proposal: what was in the last one too is decided as it was there.

    That goes slot by slot: a line in the place of which another one comes than before is undecided.
    Lines that were not there are fresh.
    """
    marks = bytearray(len(piece.marks))
    origins = bytearray([Origin.FRESH]) * len(piece.marks)
    for key, units in _keyed(piece.run, before, after):
        is_known = [key[1] and key[0] in known.struck, False]
        told = known.take(key)
        if key[1] and told[0] is None and key[0] in known.gone:
            told = [code_of(Decision.ACCEPTED), *told[1:]]
        for unit, mark, was_there in zip(units, told, is_known, strict=False):
            marks[unit] = mark or 0
            if mark is not None or was_there:
                origins[unit] = Origin.KNOWN
    return replace(piece, marks=bytes(marks), origins=bytes(origins))


def _keyed(
    run: Range, before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[tuple[_Key, tuple[int, ...]]]:
    """Yield the key of each slot of a run, and its units."""
    for slot, units in slots_of(run, before, after):
        added = after[slot.new_from] if slot.new_from < slot.new_to else None
        yield (slot.old_from, slot.old_from < slot.old_to, added), units


def _placed_again(old: FileReview, shape: Shape, heads: tuple[bytes, bytes]) -> FileReview:
    """Return the decisions on a change of another text before, slot by slot.

    A slot is an old line with the new one beside it; equal slots in the same order are the same.
    """
    former = [*_slots(pieces_of(old), old.change)]
    fresh = [
        found(run, Decision.UNDECIDED, Origin.FRESH, hunk)
        for hunk, group in enumerate(layout_of(shape.change))
        for run in group
    ]
    slots = [*_slots(fresh, shape.change)]
    pieces = {id(piece): (bytearray(piece.marks), bytearray(piece.origins)) for piece in fresh}
    for one, other in equal_lines([s[0] for s in former], [s[0] for s in slots]):
        _, source, units = former[one]
        _, target, places = slots[other]
        marks, origins = pieces[id(target)]
        for unit, place in zip(units, places, strict=True):
            marks[place], origins[place] = source.marks[unit], Origin.KNOWN
    carried = [
        replace(piece, marks=bytes(pieces[id(piece)][0]), origins=bytes(pieces[id(piece)][1]))
        for piece in fresh
    ]
    return of_pieces(shape, heads, carried)


def _slots(
    pieces: Iterable[Piece], change: FileChange
) -> Iterator[tuple[bytes, Piece, tuple[int, ...]]]:
    """Yield each slot's two lines as one key, the piece it is in, and its units there."""
    before, after = split_lines(change.before or b""), split_lines(change.after or b"")
    for piece in pieces:
        for slot, units in slots_of(piece.run, before, after):
            struck = [b"-" + line for line in before[slot.old_from : slot.old_to]]
            added = [b"+" + line for line in after[slot.new_from : slot.new_to]]
            yield b"\n".join(struck + added), piece, units
