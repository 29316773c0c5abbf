"""Whether rules of a `.copilotignore` match a path that is in no listing any longer."""

from __future__ import annotations

import os
from collections.abc import Iterable


def is_matched(path: str, rules: Iterable[tuple[str, bytes]]) -> bool:
    """Tell whether any of these rules leaves a path out.

    `rules` are the bytes of files in `.gitignore`'s syntax with the folders that they lie in, ""
    for the root. What one of them takes back stays out if another leaves it out.
    """
    for folder, data in rules:
        inside = path if not folder else path.removeprefix(f"{folder}/")
        if folder and inside == path:
            continue
        # Its import takes as long as listing a repository, and most have no such rules.
        from pathspec import GitIgnoreSpec

        # Names may hold any bytes, and what Python takes for the end of a line.
        lines = os.fsdecode(data.replace(b"\r\n", b"\n")).split("\n")
        if GitIgnoreSpec.from_lines(lines, backend="simple").match_file(inside):
            return True
    return False
