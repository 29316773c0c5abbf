"""Files that a session writes where the person says: new ones only."""

from __future__ import annotations

from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line


def write_new(path: Path, text: str) -> None:
    """Write a text to a new file, whole or not at all. Raises UsageError; overwrites nothing."""
    shown = one_line(str(path))
    data = text.encode("utf-8", "backslashreplace")
    try:
        file = path.open("xb")
    except FileExistsError as error:
        raise UsageError(f"{shown} is there", "choose another name") from error
    except FileNotFoundError as error:
        folder = one_line(str(path.parent))
        raise UsageError(
            f"cannot write {shown}: there is no folder {folder}", "choose another place"
        ) from error
    except (OSError, ValueError) as error:
        raise _refused(shown, error, "choose another place") from error
    try:
        with file:
            file.write(data)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _refused(shown, error, "choose another place, or free some space") from error


def _refused(shown: str, error: Exception, hint: str) -> UsageError:
    why = getattr(error, "strerror", None) or error
    return UsageError(f"cannot write {shown}: {why}", hint)
