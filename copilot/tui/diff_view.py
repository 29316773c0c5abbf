"""The diff of all files in one widget that looks only at the files on the screen."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from copilot.tui.diff_mouse import DiffMouse
from copilot.tui.diff_style import COMPONENTS, CSS
from copilot.tui.keys import DIFF_KEYS


class DiffView(DiffMouse):
    """All rows of a review, with a cursor; keys act on the hunk the cursor is in.

    Opening, drawing and moving cost time for the files on the screen, not for all files.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*DIFF_KEYS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {*COMPONENTS}
    DEFAULT_CSS = CSS
