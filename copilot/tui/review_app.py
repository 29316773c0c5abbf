"""`copilot edit` and `copilot apply` in a full terminal: the review screen, alone."""

from __future__ import annotations

from collections.abc import Mapping

from copilot.review.outside import Outside
from copilot.review.state import Review
from copilot.tui.review_screen import ReviewScreen
from copilot.tui.terminal_app import TerminalApp


def review_in_terminal(
    review: Review,
    title: str,
    outside: Outside | None = None,
    keys: Mapping[str, str] | None = None,
    theme: str | None = None,
) -> Review | None:
    """Let a person decide on every line, and return the decided review.

    `title` is the task, shown above the diff; `outside` is what the review may ask of disk, model
    and editor, None: nothing; `keys` remaps keys by name, `theme` is one of
    `THEMES`. None means that the person quit: nothing may be written. A review without hunks
    comes back at once. The caller makes sure that stdin and stderr are terminals; Textual does
    not. Raises UsageError for wrong keys, and whatever went wrong inside, with the terminal
    restored.
    """
    if all(file.shape.is_empty for file in review.files):
        return review
    return ReviewApp(review, title, outside, keys, theme).run_or_raise()


class ReviewApp(TerminalApp[Review | None]):
    """Shows a review and returns the decided one; None where the person quits."""

    def __init__(
        self,
        review: Review,
        title: str,
        outside: Outside | None = None,
        keys: Mapping[str, str] | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__(keys, theme)
        self.shown = ReviewScreen(review, title, outside)

    @property
    def review(self) -> Review:
        """The review as it stands on the screen."""
        return self.shown.review

    def on_mount(self) -> None:
        self.push_screen(self.shown, self.exit)
