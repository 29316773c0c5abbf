"""The rows of all files under review, laid out one file at a time when somebody looks at it.

The height of a file that nobody looked at is estimated. Rows are therefore addressed by file and
row within it; their distance from the top of everything is right only for the scroll bar.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from copilot.edits.changes import line_count
from copilot.review.state import Comment, FileReview, Place, Review
from copilot.tui.blocks import Row
from copilot.tui.boxes import boxed
from copilot.tui.building import Box, Plan, laid_out
from copilot.tui.folds import Folds
from copilot.tui.labels import file_names
from copilot.tui.layout import Layout

# More files than can be on a screen together, one row each.
_KEPT_LAYOUTS = 128
# What is guessed of a file: rows of its hunks, and bytes of a line.
_USUAL_ROWS = 24
_USUAL_BYTES = 40


class Spot(NamedTuple):
    """A row's address: index of the file, row within the file."""

    file: int
    row: int


class Stream:
    """All rows of a review; lays files out when they are looked at, and forgets them again."""

    def __init__(self, review: Review, *, is_split: bool = False, box_width: int = 72) -> None:
        self.is_split = is_split
        self.box_width = box_width
        self.names = file_names(review.files)
        self._review = review
        self._folds: dict[int, Folds] = {}
        self._layouts: OrderedDict[int, Layout] = OrderedDict()
        self._heights = [_estimate(file) for file in review.files]
        self._starts: list[int] | None = None

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._review.files)

    @property
    def height(self) -> int:
        """The rows of all files, those of some of them estimated."""
        return self._tops()[-1]

    def layout(self, file: int) -> Layout:
        """Return a file's rows; finds its hunks where nobody did."""
        found = self._layouts.get(file)
        if found is None:
            found = self._layouts[file] = laid_out(self._plan(file))
            if len(self._layouts) > _KEPT_LAYOUTS:
                self._layouts.popitem(last=False)
            if self._heights[file] != found.height:
                self._heights[file] = found.height
                self._starts = None
        else:
            self._layouts.move_to_end(file)
        return found

    def row(self, spot: Spot) -> Row:
        return self.layout(spot.file).row(spot.row)

    def show(self, review: Review) -> bool:
        """Take other decisions, edits and comments on the same files; tell whether rows change."""
        before, self._review = self._review, review
        changed = {
            index
            for index, (old, new) in enumerate(zip(before.files, review.files, strict=True))
            if old is not new and old.shape is not new.shape
        }
        for index in changed:
            self._folds.pop(index, None)
        if before.comments is not review.comments:
            both = set(before.comments) ^ set(review.comments)
            moved = {comment.file for comment in (*before.comments, *review.comments)}
            changed |= moved if both else set()
        self._forget(changed)
        return bool(changed)

    def folds(self, file: int) -> Folds:
        return self._folds.get(file, Folds())

    def fold(self, file: int, folds: Folds) -> None:
        """Fold or unfold a file."""
        self._folds[file] = folds
        self._forget({file})

    def arrange(self, *, is_split: bool, box_width: int) -> bool:
        """Put the sides beside each other or not, for a width; tell whether rows change."""
        boxes = self.box_width != box_width and bool(self._review.comments)
        if (self.is_split, boxes) == (is_split, False):
            self.box_width = box_width
            return False
        self.is_split, self.box_width = is_split, box_width
        self._layouts.clear()
        return True

    def top_of(self, spot: Spot) -> int:
        """Return how many rows stand above one, those of some files estimated."""
        return self._tops()[spot.file] + spot.row

    def at(self, row: int) -> Spot:
        """Return the spot that is about so many rows below the top of everything."""
        tops = self._tops()
        file = min(max(0, bisect_right(tops, row) - 1), len(self) - 1)
        inside = max(0, row - tops[file])
        return Spot(file, min(inside, self.layout(file).height - 1))

    def moved(self, spot: Spot, rows: int) -> Spot:
        """Return the spot so many rows below, or above; the first or last where there are less."""
        file, row = spot.file, spot.row + rows
        while row < 0 and file > 0:
            file -= 1
            row += self.layout(file).height
        while row >= self.layout(file).height and file + 1 < len(self):
            row -= self.layout(file).height
            file += 1
        return Spot(file, min(max(0, row), self.layout(file).height - 1))

    def last(self) -> Spot:
        file = len(self) - 1
        return Spot(file, self.layout(file).height - 1)

    def from_spot(self, spot: Spot, rows: int) -> list[Spot]:
        """Return the spots of so many rows from one on, fewer at the end."""
        return [*_first(self._onwards(spot), rows)]

    def _onwards(self, spot: Spot) -> Iterator[Spot]:
        row = spot.row
        for file in range(spot.file, len(self)):
            yield from (Spot(file, inside) for inside in range(row, self.layout(file).height))
            row = 0

    def header(self, place: Place) -> Spot:
        """Return the row of a hunk's header."""
        return Spot(place.file, self.layout(place.file).hunks[place.hunk])

    def hunk_after(self, spot: Spot) -> Place | None:
        """Return the first hunk whose header stands below a row."""
        for file in range(spot.file, len(self)):
            row = spot.row if file == spot.file else -1
            headers = enumerate(self.layout(file).hunks)
            hunk = next((number for number, header in headers if header > row), None)
            if hunk is not None:
                return Place(file, hunk)
        return None

    def hunk_before(self, spot: Spot) -> Place | None:
        """Return the last hunk whose header stands above a row."""
        for file in range(spot.file, -1, -1):
            headers = self.layout(file).hunks
            above = [n for n, row in enumerate(headers) if file < spot.file or row < spot.row]
            if above:
                return Place(file, above[-1])
        return None

    def found_again(self, row: Row) -> Spot:
        """Return where a row stands that was taken from the file before it was laid out anew."""
        layout = self.layout(row.file)
        found = layout.row_like(row)
        if found is None and row.hunk is not None and layout.hunks:
            found = layout.hunks[min(row.hunk, len(layout.hunks) - 1)]
        return Spot(row.file, found or 0)

    def _plan(self, file: int) -> Plan:
        return Plan(
            file,
            self._review.files[file],
            self.names[file],
            self.folds(file),
            self.is_split,
            file + 1 == len(self),
            tuple(self._boxes(file)),
        )

    def _boxes(self, file: int) -> Iterator[Box]:
        for index, comment in enumerate(self._review.comments):
            if comment.file == file:
                yield _box(index, comment, self.box_width)

    def _forget(self, files: set[int]) -> None:
        for file in files:
            self._layouts.pop(file, None)

    def _tops(self) -> list[int]:
        if self._starts is None:
            self._starts = [*accumulate(self._heights, initial=0)]
        return self._starts


def _first(spots: Iterator[Spot], count: int) -> Iterator[Spot]:
    return (spot for spot, _ in zip(spots, range(count), strict=False))


def _box(index: int, comment: Comment, width: int) -> Box:
    old = comment.old.stop if comment.old else None
    new = comment.new.stop if comment.new else None
    return Box(index, boxed(comment, width), old, new)


def _estimate(file: FileReview) -> int:
    """Guess a file's rows without finding its hunks; for new and deleted files it is right."""
    before, after = file.change.before, file.change.after
    if before is None or after is None:
        return line_count(before or after or b"") + 3
    grown = abs(len(after) - len(before)) // _USUAL_BYTES
    return min(_USUAL_ROWS, len(after) // _USUAL_BYTES) + grown + 3
