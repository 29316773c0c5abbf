"""What the mouse does in the diff; keys do all of it too."""

from __future__ import annotations

from textual.events import Click, MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp
from textual.message import Message
from textual.scrollbar import ScrollDown, ScrollTo, ScrollUp

from copilot.tui.diff_actions import DiffActions
from copilot.tui.stream import Spot

_WHEEL_ROWS = 3
# The columns of a hunk's and of a line's mark, behind the edge.
_HEADER_MARK = range(1, 4)
_LINE_MARK = range(1, 3)


class DiffMouse(DiffActions):
    """The wheel scrolls, a click moves the cursor or tells of a mark, dragging selects a range."""

    _begun: Spot | None = None
    _is_drag = False

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._wheel(event, _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL_ROWS)

    def on_scroll_to(self, message: ScrollTo) -> None:
        message.stop().prevent_default()
        if message.y is not None:
            self._view.scroll_to(round(message.y))
            self._update()

    def on_scroll_down(self, event: ScrollDown) -> None:
        self._wheel(event, self._view.height)

    def on_scroll_up(self, event: ScrollUp) -> None:
        self._wheel(event, -self._view.height)

    def on_mouse_down(self, event: MouseDown) -> None:
        offset = event.get_content_offset(self)
        self._is_drag = False
        if offset is not None and offset.y < len(self._spots):
            self._begun = self._spots[offset.y]
            self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Select the rows that the mouse is dragged over."""
        if self._begun is None:
            return
        spot = self._view.stream.moved(self._view.top, event.get_content_offset_capture(self).y)
        if spot != self._begun and not self._is_drag:
            self._is_drag = True
            self._view.anchor = None
            self._view.put(self._begun)
            self._view.anchor = self._begun
        if self._is_drag:
            self._view.put(spot)
            self._update(changed=True)

    def on_mouse_up(self, _event: MouseUp) -> None:
        self.release_mouse()
        self._begun = None

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if self._is_drag or offset is None or offset.y >= len(self._spots):
            return
        was_selecting = self.is_selecting
        self._view.anchor = None
        self._view.put(self._spots[offset.y])
        self._update(changed=was_selecting)
        if self.on == "fold":
            self.action_open_fold()
        else:
            self._tell_of_mark(offset.x)

    def _tell_of_mark(self, column: int) -> None:
        row = self._view.row
        if row.kind in ("file", "hunk") and column in _HEADER_MARK:
            place = self.place if row.kind == "hunk" else None
            self.post_message(self.MarkClicked(row.file, place, None))
        elif row.kind == "line" and self.place is not None:
            right = self._frame.half + 1
            on_right = self.is_split and column - right in _LINE_MARK
            side = row.new if on_right or not self.is_split else row.old
            side = side or (None if self.is_split else row.old)
            if side is not None and side.line is not None and (on_right or column in _LINE_MARK):
                self.post_message(self.MarkClicked(row.file, self.place, (side.line,)))

    def _wheel(self, event: Message, rows: int) -> None:
        event.stop().prevent_default()
        self._view.scroll(rows)
        self._update()
