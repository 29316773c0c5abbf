"""The closing line of a reply, and whether what has arrived is all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from copilot.edits.lines import TRY_AGAIN, refused
from copilot.edits.operations import Operation
from copilot.errors import EditsRefused

# Characters; a longer line is prose or content.
_LONGEST = 200
_CLOSING = re.compile(
    r"[*_`\s]*+end of edits:\s*+([0-9]{1,9})\s++files?\s*+,\s*+([0-9]{1,9})\s++blocks?[*_`.\s]*+",
    re.IGNORECASE,
)


class Form(Enum):
    """How an edit is written; the forms differ in how a cut is seen."""

    BLOCK = "block"
    FENCED_BLOCK = "block in a fence"
    WHOLE = "whole file"
    BARE_DIFF = "diff outside of a fence"
    COMPLETE = "patch or diff that shows its own end"


@dataclass(frozen=True)
class Found:
    """An operation and the form in which it was found."""

    operation: Operation
    form: Form

    @property
    def is_counted(self) -> bool:
        """Tell whether the closing line must count it; a patch's parts it may count or not."""
        return self.form in (Form.BLOCK, Form.FENCED_BLOCK, Form.WHOLE)


def closing_in(line: str) -> tuple[int, int] | None:
    """Return the counts of files and blocks that a closing line announces."""
    match = _CLOSING.fullmatch(line) if len(line) <= _LONGEST else None
    return (int(match[1]), int(match[2])) if match else None


def check_complete(
    found: Sequence[Found],
    announced: tuple[int, int] | None,
    path_lines: int,
    *,
    required: bool,
) -> None:
    """Refuse a reply that was cut off, or whose whole files may be examples.

    `path_lines` is the number of path lines above blocks. With `required`, our own format was asked
    for: only a patch or diff that shows its own end needs no closing line.
    """
    forms = {each.form for each in found}
    needing = {Form.BLOCK}
    if required:
        needing |= {Form.FENCED_BLOCK, Form.WHOLE, Form.BARE_DIFF}
        _refuse_examples(found, alone=len(forms) == 1 and announced is not None)
    if announced is None and forms & needing:
        line = f"`{_closing_line(found)}`"
        hint = f"{TRY_AGAIN}, or add the last line {line} if all of it is there"
        raise EditsRefused("the closing line is missing: the reply was cut off", hint)
    if announced is not None:
        _check_blocks(found, announced[1])
        _check_files(found, announced[0], path_lines)


def _closing_line(found: Sequence[Found]) -> str:
    """Return the closing line that would count just these edits."""
    files = len({each.operation.path for each in found})
    blocks = sum(each.is_counted for each in found) or len(found)
    return f"END OF EDITS: {_counted(files, 'file')}, {_counted(blocks, 'block')}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _refuse_examples(found: Sequence[Found], *, alone: bool) -> None:
    """Refuse a whole file that no closing line counts, or that stands beside other edits."""
    whole = next((each.operation for each in found if each.form is Form.WHOLE), None)
    if whole and not alone:
        message = "this may be an example or a file to write; OVERWRITE and CREATE are clear"
        raise refused(whole.line - 1, message, whole.path)


def _check_blocks(found: Sequence[Found], blocks: int) -> None:
    """Compare the counts; edits of other formats may have been counted as blocks or not."""
    least = sum(each.is_counted for each in found)
    most = len(found)
    counted = least <= blocks <= most and (blocks > 0 or most == 0)
    if not counted:
        raise EditsRefused(
            f"the closing line counts {blocks} blocks, {most} arrived: "
            "the reply was cut off, or its blocks have another form",
            TRY_AGAIN,
        )


def _check_files(found: Sequence[Found], files: int, path_lines: int) -> None:
    if any(not each.is_counted for each in found):
        return
    distinct = len({each.operation.path for each in found})
    if files not in (distinct, path_lines):
        raise EditsRefused(f"the closing line counts {files} files, {distinct} arrived", TRY_AGAIN)
