"""What keys do in the diff."""

from __future__ import annotations

from copilot.tui.cells import line_width
from copilot.tui.diff_base import DiffBase, Sides


class DiffActions(DiffBase):
    """Moves the cursor, folds and unfolds, puts the sides beside each other."""

    def action_row(self, step: int) -> None:
        self._view.move(step)
        self._update()

    def action_page(self, step: int) -> None:
        self._view.move(step * max(1, self._view.height - 2))
        self._update()

    def action_edge(self, side: int) -> None:
        self._view.to_edge(side)
        self._update()

    def action_hunk(self, step: int) -> None:
        self.go_to_hunk(step)

    def action_file(self, step: int) -> None:
        file = self.file + step
        if 0 <= file < len(self._review.files):
            self.go_to_file(file)

    def action_find(self, text: str) -> None:
        self.find(text)

    def action_find_next(self) -> None:
        self.find(self._needle)

    def action_find_previous(self) -> None:
        self.find(self._needle, -1)

    def action_select_range(self) -> None:
        """Begin a range of lines at the cursor, or end it."""
        self._view.anchor = None if self._view.anchor else self._view.cursor
        self._update(changed=True)

    def action_context_more(self) -> None:
        """Show more unchanged lines around the hunk the cursor is in."""
        place = self.place
        if place is not None:
            self._fold(self._view.stream.folds(place.file).more(place.hunk))

    def action_context_all(self) -> None:
        """Show the whole file, or only the usual context again."""
        self._fold(self._view.stream.folds(self.file).toggled_whole())

    def action_fold_file(self, side: int = 0) -> None:
        """Fold the file to its header or unfold it; -1 folds it in any case, 1 unfolds it."""
        folds = self._view.stream.folds(self.file)
        self._fold(folds.with_folded(side < 0 or (side == 0 and not folds.is_folded)))

    def action_open_fold(self) -> None:
        """Show the lines that are folded away under the cursor."""
        row = self._view.row
        folds = self._view.stream.folds(row.file)
        if row.kind == "fold":
            self._fold(folds.opened(row.index))
        elif folds.is_folded:
            self._fold(folds.with_folded(False))

    def action_toggle_sides(self) -> None:
        """By width, then always unified, then always side by side."""
        following: dict[Sides, Sides] = {"auto": "unified", "unified": "split", "split": "auto"}
        self.sides = following[self.sides]
        self._arrange()
        self.notify({"auto": "by width", "unified": "unified", "split": "side by side"}[self.sides])

    def action_shift(self, columns: int) -> None:
        self._shift_to(self._left + columns)

    def action_line_start(self) -> None:
        self._shift_to(0)

    def action_line_end(self) -> None:
        row = self._view.row
        sides = [side.data for side in (row.old, row.new) if side]
        longest = max(map(line_width, sides), default=len(row.text))
        self._shift_to(longest - self._frame.text_width)
