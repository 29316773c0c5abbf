"""What a review may ask of the world around it; the screens get it as a parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from copilot.review.state import Review


class Outside(Protocol):
    """The disk, the model and the person's editor, as far as a review needs them.

    A method that is not at hand says so by its errors; `can_ask` is False without a model.
    """

    @property
    def can_ask(self) -> bool:
        """Tell whether `asked_again` reaches a model."""

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:
        """Return the files, by index, whose bytes on disk are no longer those before the change."""

    def placed_again(self, review: Review) -> Review:
        """Return the same proposal placed on the files as they are, decisions carried over.

        Raises EditsRefused where it cannot be placed.
        """

    def request(self, review: Review) -> str:
        """Return the text that `asked_again` would send; empty where there is none."""

    def expected(self, request: str) -> str:
        """Return what sending it will take, in words; may read files."""

    def asked_again(self, review: Review, show: Callable[[object], None] | None) -> Review:
        """Send what the person said to the model and return the review of its next proposal.

        Blocks; `show` gets each event of the backend's stream, the terminal without it. Raises
        CopilotError, and KeyboardInterrupt where it was cancelled.
        """

    def keep(self, review: Review) -> None:
        """Hear what is decided, at once, so that a crash takes nothing away; returns quickly."""

    def cancel(self) -> None:
        """End a question that is being answered; may be called from another thread."""

    def edit(self, data: bytes, suffix: str) -> bytes | None:
        """Return what the person made of `data` in the editor; None if it was given up.

        The caller has left the screen to the editor. `suffix` ends the name of the edited file.
        """
