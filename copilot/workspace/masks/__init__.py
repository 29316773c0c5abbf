"""Secrets found in texts and masked: pure functions; nothing here opens a file or a socket."""

from copilot.workspace.masks.find import FINDER_VERSION, find_secrets
from copilot.workspace.masks.placeholders import PLACEHOLDER, Mask, mask_text, unmask_text
from copilot.workspace.masks.span import Span

__all__ = [
    "FINDER_VERSION",
    "PLACEHOLDER",
    "Mask",
    "Span",
    "find_secrets",
    "mask_text",
    "unmask_text",
]
