"""Files that ship with the program: prompts and the demo repository."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def bundled(name: str) -> Path:
    """Return the path of a bundled file or folder, such as `prompts` or `fixtures/demo`.

    A wheel carries them inside the package; a checkout has them beside it.
    """
    inside = _PACKAGE / "bundled" / name
    return inside if inside.exists() else _PACKAGE.parent / name
