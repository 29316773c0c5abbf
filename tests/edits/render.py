"""Replies made from two texts of a file, in each format, as a careful model would write them.

A text may hold anything but a carriage return before a line feed, which is a line end and not
content. Every function takes the file's path with its repository's alias.
"""

from __future__ import annotations

import difflib
import re

_FENCE_RUN = re.compile(r"(?:`{3,}|~{3,})")
_MARKER_RUN = re.compile(r"^[<=>]+", re.MULTILINE)
NO_NEWLINE = "\\ No newline at end of file\n"


def closing(files: int, blocks: int) -> str:
    return f"END OF EDITS: {files} files, {blocks} blocks\n"


def lines_of(text: str) -> list[str]:
    """Split at line feeds alone; each line keeps its own."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def marker_for(*texts: str) -> int:
    """Return a marker's length that no line of the texts begins with."""
    runs = [len(run) for text in texts for run in _MARKER_RUN.findall(text)]
    return max([6, *runs]) + 1


def block(path: str, verb: str, text: str, marker: int = 7) -> str:
    end = "REPLACE" if verb == "SEARCH" else "END"
    return f"{path}\n{'<' * marker} {verb}\n{_ended(text)}{'>' * marker} {end}\n"


def search_block(path: str, search: str, text: str, marker: int = 7) -> str:
    return block(path, "SEARCH", f"{_ended(search)}{'=' * marker}\n{_ended(text)}", marker)


def own(path: str, before: str | None, after: str | None, marker: int) -> str:
    """Write our own format: one block for the whole file, and the closing line."""
    if before is None:
        edit = block(path, "CREATE", after or "", marker)
    elif after is None:
        edit = block(path, "DELETE", "", marker)
    elif not before:
        edit = block(path, "OVERWRITE", after, marker)
    else:
        edit = search_block(path, before, after, marker)
    return f"Here it is.\n\n{edit}\n{closing(1, 1)}"


def aider_diff(path: str, before: str, after: str, marker: int) -> str:
    """Write aider's `diff`: the path above the fence."""
    fence = fence_for(before, after)
    body = search_block("", before, after, marker).removeprefix("\n")
    return f"I change it:\n\n{path}\n{fence}python\n{body}{fence}\n\nThat is all.\n"


def aider_fenced(path: str, before: str, after: str, marker: int) -> str:
    """Write aider's `diff-fenced`: the path inside the fence."""
    fence = fence_for(before, after)
    return f"{fence}\n{search_block(path, before, after, marker)}{fence}\n"


def whole(path: str, after: str) -> str:
    """Write aider's `whole`: the path, and the file in a fence longer than any of its own."""
    fence = fence_for(after)
    return f"Now the file:\n\n{path}\n{fence}\n{_ended(after)}{fence}\n\nDone.\n"


def fence_for(*texts: str) -> str:
    runs = [len(run) for text in texts for run in _FENCE_RUN.findall(text)]
    return "`" * (max([2, *runs]) + 1)


def unified(
    path: str, before: str | None, after: str | None, *, context: int = 3, numbers: bool = True
) -> str:
    """Write a unified diff without fence; without `numbers` its hunks begin with a bare `@@`."""
    old_name = "/dev/null" if before is None else f"a/{path}"
    new_name = "/dev/null" if after is None else f"b/{path}"
    hunks = _hunks(before or "", after or "", context, numbers)
    return f"--- {old_name}\n+++ {new_name}\n{hunks}" if hunks else ""


def git(
    path: str,
    before: str | None,
    after: str | None,
    *,
    new_path: str | None = None,
    old_mode: str = "100644",
    new_mode: str = "100644",
    context: int = 3,
) -> str:
    """Write a diff as git does, with its lines about modes, renames, new and deleted files."""
    target = new_path or path
    head = f"diff --git a/{path} b/{target}\n"
    if before is None:
        head += f"new file mode {new_mode}\nindex 0000000..e69de29\n"
    elif after is None:
        head += f"deleted file mode {old_mode}\nindex e69de29..0000000\n"
    elif old_mode != new_mode:
        head += f"old mode {old_mode}\nnew mode {new_mode}\n"
    if new_path:
        head += f"similarity index 90%\nrename from {path}\nrename to {new_path}\n"
    hunks = _hunks(before or "", after or "", context, numbers=True)
    old_name = "/dev/null" if before is None else f"a/{path}"
    new_name = "/dev/null" if after is None else f"b/{target}"
    return head + (f"--- {old_name}\n+++ {new_name}\n{hunks}" if hunks else "")


def in_fence(text: str, language: str = "diff") -> str:
    fence = fence_for(text)
    return f"The change:\n\n{fence}{language}\n{_ended(text)}{fence}\n"


def v4a(path: str, before: str | None, after: str | None, *, new_path: str | None = None) -> str:
    """Write a V4A patch; a file that is there is one hunk with all of its lines."""
    if before is None:
        body = f"*** Add File: {path}\n" + _signed("+", after or "")
    elif after is None:
        body = f"*** Delete File: {path}\n"
    else:
        move = f"*** Move to: {new_path}\n" if new_path else ""
        body = f"*** Update File: {path}\n{move}"
        body += _v4a_hunk(before, after) if before != after else ""
    return f"*** Begin Patch\n{body}*** End Patch\n"


def _v4a_hunk(before: str, after: str) -> str:
    old, new = lines_of(_ended(before)), lines_of(_ended(after))
    lines = [*difflib.unified_diff(old, new, n=len(old))][3:]
    end = "" if before else "*** End of File\n"
    return f"@@\n{''.join(lines)}{end}"


def _signed(sign: str, text: str) -> str:
    return "".join(f"{sign}{line}" for line in lines_of(_ended(text)))


def _hunks(before: str, after: str, context: int, numbers: bool) -> str:
    lines = difflib.unified_diff(lines_of(before), lines_of(after), n=context)
    written = []
    for line in [*lines][2:]:
        text = "@@ @@\n" if line.startswith("@@") and not numbers else line
        written.append(text if text.endswith("\n") else f"{text}\n{NO_NEWLINE}")
    return "".join(written)


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"
