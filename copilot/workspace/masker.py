"""Masks under the user's own key, so that a value has the same placeholder in every run."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.errors import UsageError, WriteFailed
from copilot.workspace.masks.span import Span

if TYPE_CHECKING:
    from copilot.workspace.masks.placeholders import Mask

_KEY_BYTES = 32


class Masker:
    """Masks secrets; the key is made when the first one is found."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def mask(self, text: str, spans: Sequence[Span]) -> tuple[str, tuple[Mask, ...]]:
        """Put placeholders in the place of the secrets found. Raises WriteFailed without a key."""
        from copilot.workspace.masks.placeholders import mask_text

        return mask_text(text, spans, self._key)

    def masked(self, path: str, text: str) -> tuple[str, tuple[Mask, ...]]:
        """Return a file's text as a prompt shows it, and its masks."""
        from copilot.workspace.masks.find import find_secrets

        spans = find_secrets(path, text)
        return self.mask(text, spans) if spans else (text, ())

    @property
    def stamp(self) -> str:
        """What changes with the key and tells nothing of it."""
        key = _read(self._key_file)
        return hashlib.sha256(b"stamp" + key).hexdigest()[:16] if key else "no key yet"

    @cached_property
    def _key(self) -> bytes:
        try:
            return _read(self._key_file) or _made(self._key_file)
        except OSError as error:
            raise WriteFailed(
                f"cannot keep the key of the masks in {self._key_file}: {error.strerror}",
                "free some space, or mend the folder's permissions",
            ) from error


def _read(file: Path) -> bytes | None:
    try:
        key = file.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != _KEY_BYTES:
        raise UsageError(f"{file} is no key of masks", "remove it; a new one is made")
    return key


def _made(file: Path) -> bytes:
    """Make the key; of several processes that do so at once, one wins and all have its key."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
        # A link is made whole or not at all, and never over another.
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()
    return _read(file) or b""
