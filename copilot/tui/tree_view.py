"""The tree of files under review; like the diff it draws only what is on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from time import perf_counter
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Size, clamp
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from copilot.edits.changes import FileChange
from copilot.review.state import Decision, FileReview, Review
from copilot.tui.keys import TREE, bindings
from copilot.tui.labels import MARKS, MIXED, keep_end
from copilot.tui.progress import has_fresh
from copilot.tui.tree import Node, kind_letters, rows_of

# Seconds between steps of counting lines, and the longest a step goes on.
_STEP_EVERY = 0.05
_STEP_SECONDS = 0.004
_FIRST_STEP_SECONDS = 0.02


class TreeView(ScrollView, can_focus=True):
    """Repositories, folders and files, each with its mark, signs, and lines added and removed.

    Its cursor is on one row; `files` are those that a decision made here is about.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings(TREE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tree--added", "tree--flag", "tree--folder", "tree--kind", "tree--removed", "tree--row",
        "tree--selected",
    }  # fmt: skip
    DEFAULT_CSS = """
    TreeView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        .tree--selected { background: $primary 45%; text-style: bold; }
        .tree--added { color: $text-success; }
        .tree--removed { color: $text-error; }
        .tree--flag { color: $text-warning; text-style: bold; }
        .tree--kind { text-style: bold; }
        .tree--folder { color: $text-muted; }
    }
    TreeView:ansi, TreeView:nocolor {
        .tree--selected { background: transparent; text-style: reverse; }
    }
    """

    class Chosen(Message):
        """A person went to the file with this index; `leaves` if he is done in the tree."""

        def __init__(self, file: int, *, leaves: bool) -> None:
            super().__init__()
            self.file = file
            self.leaves = leaves

    class Counted(Message):
        """The lines of all files are counted."""

    def __init__(self, review: Review) -> None:
        super().__init__(id="tree")
        self._review = review
        self._folded: set[str] = set()
        self._wanted = ""
        self._cursor = 0
        self._rows: tuple[Node, ...] = ()
        self._counts: dict[int, tuple[int, int]] = {}
        self._hunks = 0
        self._arrange()

    def on_mount(self) -> None:
        self._counting = self.set_interval(_STEP_EVERY, self._count_some)
        self._count_some(_FIRST_STEP_SECONDS)

    @property
    def node(self) -> Node | None:
        """The row the cursor is on; None where a filter leaves nothing."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def wanted(self) -> str:
        """The words that the names of the files shown hold."""
        return self._wanted

    @property
    def is_counted(self) -> bool:
        """Tell whether the lines, and with them the hunks, of all files are counted."""
        return len(self._counts) == len(self._review.files)

    @property
    def hunks(self) -> int | None:
        """The number of all hunks, None until they are counted."""
        return self._hunks if self.is_counted else None

    @property
    def files(self) -> tuple[int, ...]:
        """The files at or below the cursor."""
        return self.node.files if self.node else ()

    def show(self, review: Review) -> None:
        """Show other decisions, or other changes."""
        before, self._review = self._review, review
        if len(before.files) == len(review.files):
            pairs = enumerate(zip(before.files, review.files, strict=True))
            other = [(n, old.shape is not new.shape) for n, (old, new) in pairs if old is not new]
            reshaped = [n for n, is_reshaped in other if is_reshaped]
        else:
            other, reshaped = [], [*self._counts]
        for index in reshaped:
            self._counts.pop(index, None)
        if reshaped:
            self._arrange()
            self._count_some()
            self._counting.resume()
        else:
            self._refresh_rows({index for index, _ in other})

    def select(self, file: int) -> None:
        """Put the cursor on the file that the diff's cursor is in, or on its closed folder."""
        node = self.node
        if node and file in node.files and (node.is_file or self.has_focus):
            return
        near = [row for row, node in enumerate(self._rows) if file in node.files]
        if near:
            self._move(near[-1])

    def filter(self, wanted: str) -> None:
        """Show only the files whose names hold these words."""
        self._wanted = wanted
        self._arrange()

    def action_tree_row(self, step: int) -> None:
        self._go(self._cursor + step)

    def action_tree_page(self, step: int) -> None:
        self._go(self._cursor + step * max(1, self.size.height - 1))

    def action_tree_edge(self, side: int) -> None:
        self._go(0 if side < 0 else len(self._rows))

    def action_tree_open(self) -> None:
        """Go to the file in the diff; open or close a folder."""
        if self.node is None:
            return
        if self.node.is_file:
            self.post_message(self.Chosen(self.node.files[0], leaves=True))
        else:
            self._folded ^= {self.node.key}
            self._arrange()

    def action_tree_close(self) -> None:
        """Close the folder, or go up to the one the cursor is in."""
        node = self.node
        if node is None:
            return
        if not node.is_file and node.key not in self._folded:
            self.action_tree_open()
            return
        above = [r for r in range(self._cursor) if self._rows[r].depth < node.depth]
        if above:
            self._go(above[-1])

    def action_tree_expand(self) -> None:
        """Open the folder, or go on to the next row."""
        if self.node and self.node.key in self._folded:
            self.action_tree_open()
        else:
            self._go(self._cursor + 1)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        row = -1 if offset is None else self.scroll_offset.y + offset.y
        if 0 <= row < len(self._rows):
            self._go(row)
            if not self._rows[row].is_file:
                self.action_tree_open()

    def render_line(self, y: int) -> Strip:
        row, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        node = self._rows[row]
        name = "selected" if row == self._cursor else "row" if node.is_file else "folder"
        base = self._style(name)
        ground = Style(bgcolor=base.bgcolor, reverse=base.reverse)
        segments = [
            Segment(text, self._style(ink) + ground if ink else base)
            for text, ink in self._segments(node, row == self._cursor, width)
        ]
        return Strip(segments).adjust_cell_length(width, base)

    @property
    def _changes(self) -> list[FileChange]:
        return [file.change for file in self._review.files]

    def _arrange(self) -> None:
        """Make the rows anew, with the cursor where it was."""
        key = self.node.key if self.node else ""
        self._rows = rows_of(self._changes, self._folded, self._wanted)
        keys = [node.key for node in self._rows]
        self._cursor = keys.index(key) if key in keys else 0
        self.virtual_size = Size(0, len(self._rows))
        shown = sum(node.is_file for node in self._rows) if self._wanted else len(self._changes)
        of = f" of {len(self._changes)}" if self._wanted else ""
        self.border_title = f"{shown}{of} {'file' if len(self._changes) == 1 else 'files'}"
        self.refresh()

    def _go(self, row: int) -> None:
        """Move the cursor by hand; the diff follows to a file."""
        self._move(clamp(row, 0, max(0, len(self._rows) - 1)))
        if self.node and self.node.is_file:
            self.post_message(self.Chosen(self.node.files[0], leaves=False))

    def _move(self, row: int) -> None:
        if row == self._cursor:
            return
        self.refresh_line(self._cursor)
        self.refresh_line(row)
        self._cursor = row
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if not top <= row < top + height:
            self.scroll_to(y=row - height // 2, animate=False)

    def _refresh_rows(self, files: set[int]) -> None:
        """Draw the rows on the screen anew that stand for one of these files."""
        top = self.scroll_offset.y
        for row, node in enumerate(self._rows[top : top + self.size.height], start=top):
            if not files.isdisjoint(node.files):
                self.refresh_line(row)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"tree--{name}")

    def _segments(self, node: Node, selected: bool, width: int) -> Iterator[tuple[str, str]]:
        """Return the texts of a row, each with the name of its style or none."""
        start = f"{'>' if selected else ' '}{self._mark(node)} {'  ' * min(node.depth, 8)}"
        fold = "" if node.is_file else "+ " if node.key in self._folded else "- "
        kind = f" {kind_letters(self._file(node).change)}" if node.is_file else ""
        flag = " !" if any(self._review.files[index].flags for index in node.files) else ""
        fresh = " *" if any(has_fresh(self._review.files[index]) for index in node.files) else ""
        signs = [(kind.rstrip() + fresh, "kind"), (flag, "flag"), *self._numbers(node)]
        room = max(1, width - cell_len(start + fold + "".join(text for text, _ in signs)))
        yield start + fold + set_cell_size(keep_end(node.name, room), room), ""
        yield from signs

    def _numbers(self, node: Node) -> Iterator[tuple[str, str]]:
        """Return the lines added and removed, once they are counted."""
        if all(index in self._counts for index in node.files):
            counts = [self._counts[index] for index in node.files]
            yield f" +{sum(added for added, _ in counts)}", "added"
            yield f" -{sum(removed for _, removed in counts)}", "removed"

    def _mark(self, node: Node) -> str:
        """Return the mark that all files below share, or the one for mixed decisions."""
        files = (self._review.files[index] for index in node.files)
        decisions = {file.decision for file in files if not file.shape.is_empty}
        if not decisions:
            return MARKS[Decision.UNDECIDED]
        shared = decisions.pop() if len(decisions) == 1 else None
        return MIXED if shared is None else MARKS[shared]

    def _file(self, node: Node) -> FileReview:
        return self._review.files[node.files[0]]

    def _count_some(self, seconds: float = _STEP_SECONDS) -> None:
        """Count the lines of some more files, those on the screen first, for a moment."""
        until = perf_counter() + seconds
        top = self.scroll_offset.y
        shown = self._rows[top : top + self.size.height]
        seen = [n for node in shown for n in node.files[:1] if n not in self._counts]
        rest = (n for n in range(len(self._review.files)) if n not in self._counts)
        for index in chain(seen, rest):
            self._counts[index] = _line_counts(self._review.files[index])
            if perf_counter() > until:
                break
        if seen or self.is_counted:
            self.refresh()
        if self.is_counted:
            self._hunks = sum(len(file.hunks) for file in self._review.files)
            self._counting.pause()
            self.post_message(self.Counted())


def _line_counts(file: FileReview) -> tuple[int, int]:
    """Return how many lines a file's change adds and removes."""
    runs = [run for hunk in file.hunks for run in hunk.ranges]
    added = sum(run.new_to - run.new_from for run in runs)
    return added, sum(run.old_to - run.old_from for run in runs)
