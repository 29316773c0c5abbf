"""What becomes of the decisions on a file when its change becomes another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from copilot.edits.changes import DiffLine, FileChange, layout_of, split_lines, with_hunk_lines
from copilot.edits.diff import Range, changed_ranges
from copilot.edits.flags import Flag
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, code_of, packed, spread, taken_units
from copilot.review.overlay import over
from copilot.review.pieces import Piece, found, laid_out, pieces_of
from copilot.review.shape import Origin, Shape
from copilot.review.slots import aligned
from copilot.review.taking import taken_lines


def edited_hunk(file: FileReview, hunk: int, lines: Sequence[DiffLine]) -> FileReview:
    """Return the file with one hunk's lines replaced; all but that hunk keeps its decisions.

    Raises EditsRefused as `with_hunk_lines` does.
    """
    shape = file.shape
    change = with_hunk_lines(shape.change, shape.hunks[hunk], lines)
    if not _has_lines(shape.change, change):
        return _begun_anew(file, change)
    edited = shape.hunks[hunk]
    old = [line.data for line in lines if line.tag != "+"]
    new = [line.data for line in lines if line.tag != "-"]
    shift = len(new) - edited.new_count
    former = pieces_of(file)
    pieces = [piece for piece in former if piece.hunk is not None and piece.hunk < hunk]
    pieces += [
        found(_moved(run, edited.old_start, edited.new_start), Decision.UNDECIDED, Origin.BY_HAND)
        for run in changed_ranges(old, new)
    ]
    pieces += [
        piece.moved(shift) for piece in former if piece.hunk is not None and piece.hunk > hunk
    ]
    pieces = _with_origins(pieces, file, change)
    return _of_pieces(replace(shape, change=change), _heads(file), pieces)


def edited_file(file: FileReview, data: bytes) -> FileReview:
    """Return the file with another text after the change; what stays keeps its decisions."""
    change = replace(file.change, after=data)
    if not _has_lines(file.change, change):
        return _begun_anew(file, change)
    texts = [split_lines(text or b"") for text in (change.before, file.change.after, data)]
    pieces = _with_origins(over(pieces_of(file), *texts), file, change)
    return _of_pieces(replace(file.shape, change=change), _heads(file), pieces)


def renewed_file(old: FileReview | None, new: FileChange, flags: tuple[Flag, ...]) -> FileReview:
    """Return the next proposal for a file with the decisions on the one before.

    What was accepted and stands in the new text stays accepted; what was rejected and comes again
    in the same place stays rejected. All that was not in the proposal before is fresh.
    """
    if old is None:
        return FileReview(Shape(new, new, flags, None, Origin.FRESH))
    if new == old.change:
        return FileReview(Shape(new, new, flags, old.shape.layout), old.marks)
    if not _has_lines(old.change, new):
        return FileReview(Shape(new, new, flags, None, Origin.FRESH))
    heads = _renewed_heads(old, new)
    if new.before != old.change.before:
        return _placed_again(old, Shape(new, new, flags), heads)
    taken = taken_lines(old.shape, taken_units(old.marks, old.shape.unit_count))
    stands = [
        found(run, Decision.ACCEPTED, Origin.KNOWN, hunk)
        for run, hunk in zip(taken.runs, taken.origins, strict=True)
    ]
    before, after = split_lines(new.before or b""), split_lines(new.after or b"")
    known = _known(old)
    pieces = [
        _again(piece, known, before, after) if piece.hunk is None else piece
        for piece in over(stands, before, taken.lines, after)
    ]
    return _of_pieces(Shape(new, new, flags), heads, pieces)


def _has_lines(old: FileChange, new: FileChange) -> bool:
    """Tell whether both texts can be compared line by line."""
    emptied = None in (new.before, new.after) and not new.before and not new.after
    return old.is_divisible and new.is_divisible and not emptied


def _begun_anew(file: FileReview, change: FileChange) -> FileReview:
    """Return a file whose text is found out anew, undecided and by hand; move and mode stay."""
    shape = replace(file.shape, change=change, layout=None, origins=Origin.BY_HAND)
    marks, origins = _heads(file)
    count = shape.unit_count - len(marks)
    origins += bytes([Origin.BY_HAND]) * count
    return FileReview(replace(shape, origins=origins), packed(marks + bytes(count)))


def _heads(file: FileReview) -> tuple[bytes, bytes]:
    """Return the marks and origins of what comes before the text: a move, a new mode."""
    count = sum(hunk.kind in ("rename", "mode") for hunk in file.hunks)
    marks = spread(file.marks, file.shape.unit_count)
    return marks[:count], file.shape.spread_origins()[:count]


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


def _of_pieces(shape: Shape, heads: tuple[bytes, bytes], pieces: Sequence[Piece]) -> FileReview:
    pieces = pieces if shape.change.before != shape.change.after else ()
    marks = b"".join([heads[0], *(piece.marks for piece in pieces)])
    origins = b"".join([heads[1], *(piece.origins for piece in pieces)])
    shaped = replace(shape, layout=laid_out(pieces), origins=_packed_origins(origins))
    return FileReview(shaped, packed(marks))


def _packed_origins(origins: bytes) -> Origin | bytes:
    return origins if any(origins) else Origin.KNOWN


def _moved(run: Range, old: int, new: int) -> Range:
    return Range(run.old_from + old, run.old_to + old, run.new_from + new, run.new_to + new)


def _with_origins(pieces: Sequence[Piece], file: FileReview, change: FileChange) -> list[Piece]:
    """Return the pieces where those found anew say which of their lines are by hand.

    That is what neither stood in the file's change so far nor in the proposal.
    """
    struck = {old: Origin.KNOWN for run in _runs(file.proposed) for old in _old_lines(run)}
    added = dict.fromkeys(_same_lines(file.proposed, change), Origin.KNOWN)
    former: dict[int, Origin] = {}
    for piece in pieces_of(file):
        olds, news = _old_lines(piece.run), range(piece.run.new_from, piece.run.new_to)
        origins = [Origin(code) for code in piece.origins]
        struck.update(zip(olds, origins[: len(olds)], strict=True))
        former.update(zip(news, origins[len(olds) :], strict=True))
    for new, was in _same_lines(file.change, change).items():
        added[new] = former.get(was, added.get(new, Origin.BY_HAND))
    return [_with_origin(piece, struck, added) if piece.hunk is None else piece for piece in pieces]


def _with_origin(piece: Piece, struck: Mapping[int, int], added: Mapping[int, int]) -> Piece:
    olds, news = _old_lines(piece.run), range(piece.run.new_from, piece.run.new_to)
    origins = [struck.get(old, Origin.BY_HAND) for old in olds]
    origins += [added.get(new, Origin.BY_HAND) for new in news]
    return replace(piece, origins=bytes(origins))


def _runs(change: FileChange) -> Iterator[Range]:
    return (run for group in layout_of(change) for run in group)


def _old_lines(run: Range) -> range:
    return range(run.old_from, run.old_to)


def _same_lines(one: FileChange, other: FileChange) -> dict[int, int]:
    """Return, for each line of the new text of `other` that `one` has too, which it is there."""
    texts = split_lines(one.after or b""), split_lines(other.after or b"")
    return {new: old for old, new in _matched(*texts)}


# A slot apart from where it stands after the change: the index of the line struck, or of that which
# it is added above (then with False), and the line added.
_Key = tuple[int, bool, bytes | None]


@dataclass
class _Known:
    """The slots of a decided change: which there are, and the marks of their units, best first."""

    marks: dict[_Key, list[bytes]] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)

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
    known = _Known()
    for piece in pieces_of(file):
        known.struck |= {*range(piece.run.old_from, piece.run.old_to)}
        for key, units in _keyed(piece.run, before, after):
            marks = bytes(piece.marks[unit] for unit in units)
            known.marks.setdefault(key, []).append(marks)
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
        for unit, mark, was_there in zip(units, known.take(key), is_known, strict=False):
            marks[unit] = mark or 0
            if mark is not None or was_there:
                origins[unit] = Origin.KNOWN
    return replace(piece, marks=bytes(marks), origins=bytes(origins))


def _keyed(
    run: Range, before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[tuple[_Key, list[int]]]:
    """Yield the key of each slot of a run, and its units."""
    old, new = before[run.old_from : run.old_to], after[run.new_from : run.new_to]
    behind = run.old_from
    for i, j in aligned(old, new):
        units = ([] if i is None else [i]) + ([] if j is None else [len(old) + j])
        yield (behind, i is not None, None if j is None else new[j]), units
        behind += i is not None


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
    for one, other in _matched([s[0] for s in former], [s[0] for s in slots]):
        _, source, units = former[one]
        _, target, places = slots[other]
        marks, origins = pieces[id(target)]
        for unit, place in zip(units, places, strict=True):
            marks[place], origins[place] = source.marks[unit], Origin.KNOWN
    carried = [
        replace(piece, marks=bytes(pieces[id(piece)][0]), origins=bytes(pieces[id(piece)][1]))
        for piece in fresh
    ]
    return _of_pieces(shape, heads, carried)


def _slots(
    pieces: Iterable[Piece], change: FileChange
) -> Iterator[tuple[bytes, Piece, tuple[int, ...]]]:
    """Yield each slot's two lines as one key, the piece it is in, and its units there."""
    before, after = split_lines(change.before or b""), split_lines(change.after or b"")
    for piece in pieces:
        run = piece.run
        old, new = before[run.old_from : run.old_to], after[run.new_from : run.new_to]
        for i, j in aligned(old, new):
            struck = b"" if i is None else b"-" + old[i]
            added = b"" if j is None else b"+" + new[j]
            units = [] if i is None else [i]
            units += [] if j is None else [len(old) + j]
            yield struck + b"\n" + added, piece, tuple(units)


def _matched(one: Sequence[bytes], other: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield the index pairs of what is the same in both."""
    at, beside = 0, 0
    for run in [*changed_ranges(one, other), Range(len(one), 0, len(other), 0)]:
        yield from zip(range(at, run.old_from), range(beside, run.new_from), strict=True)
        at, beside = run.old_to, run.new_to
