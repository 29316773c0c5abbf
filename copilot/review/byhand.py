"""What becomes of the decisions on a file when the person changes it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from copilot.edits.changes import DiffLine, FileChange, layout_of, split_lines, with_hunk_lines
from copilot.edits.diff import Range, changed_ranges, equal_lines
from copilot.errors import EditsRefused
from copilot.review.filereview import FileReview
from copilot.review.marks import Decision, packed
from copilot.review.overlay import over
from copilot.review.pieces import Piece, found, has_lines, heads_of, of_pieces, pieces_of
from copilot.review.shape import Origin


def edited_hunk(file: FileReview, hunk: int, lines: Sequence[DiffLine]) -> FileReview:
    """Return the file with one hunk's lines replaced; all but that hunk keeps its decisions.

    Raises EditsRefused as `with_hunk_lines` does, and where bytes cannot be cut into lines.
    """
    shape = file.shape
    if not shape.change.is_divisible:
        raise EditsRefused("this is no text to edit", "accept or reject it")
    change = with_hunk_lines(shape.change, shape.hunks[hunk], lines)
    if not has_lines(shape.change, change):
        return _begun_anew(file, change)
    edited = shape.hunks[hunk]
    old = [line.data for line in lines if line.tag != "+"]
    new = [line.data for line in lines if line.tag != "-"]
    shift = len(new) - edited.new_count
    former = pieces_of(file)
    pieces = [piece for piece in former if piece.hunk is not None and piece.hunk < hunk]
    pieces += [
        found(run.moved(edited.old_start, edited.new_start), Decision.UNDECIDED, Origin.BY_HAND)
        for run in changed_ranges(old, new)
    ]
    pieces += [
        piece.moved(shift) for piece in former if piece.hunk is not None and piece.hunk > hunk
    ]
    pieces = _with_origins(pieces, file, change)
    return of_pieces(replace(shape, change=change), heads_of(file), pieces)


def edited_file(file: FileReview, data: bytes) -> FileReview:
    """Return the file with another text after the change; what stays keeps its decisions."""
    change = replace(file.change, after=data)
    if file.change.after is None:
        change = replace(change, old_mode=None, mode=None)
    if not has_lines(file.change, change):
        return _begun_anew(file, change)
    texts = [split_lines(text or b"") for text in (change.before, file.change.after, data)]
    pieces = _with_origins(over(pieces_of(file), *texts), file, change)
    return of_pieces(replace(file.shape, change=change), heads_of(file), pieces)


def _begun_anew(file: FileReview, change: FileChange) -> FileReview:
    """Return a file whose text is found out anew, undecided and by hand; move and mode stay."""
    shape = replace(file.shape, change=change, layout=None, origins=Origin.BY_HAND)
    marks, origins = heads_of(file)
    count = shape.unit_count - len(marks)
    origins += bytes([Origin.BY_HAND]) * count
    return FileReview(replace(shape, origins=origins), packed(marks + bytes(count)))


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
    return {new: old for old, new in equal_lines(*texts)}
