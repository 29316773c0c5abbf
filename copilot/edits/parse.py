"""A reply taken apart in one pass over its lines, whatever formats its edits have.

Our own blocks and aider's are read by blocks.py, whole files by whole.py, unified and git diffs by
unified.py, V4A patches by v4a.py. Here is decided where each of them begins; all else is prose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot.edits.blocks import read_block
from copilot.edits.closing import Form, Found, check_complete, closing_in
from copilot.edits.contents import DIFF_LANGUAGES, Kind, check_sketch, content_kind, is_example
from copilot.edits.fences import Fence, fence_in, is_closed_at
from copilot.edits.hunks import goes_on, is_file_start
from copilot.edits.lines import (
    TRY_AGAIN,
    check_count,
    is_blank,
    next_filled,
    refused,
    reply_lines,
)
from copilot.edits.markers import LENGTHS, Marker, is_nearly_marker, marker_in
from copilot.edits.operations import Operation, Reply
from copilot.edits.path_lines import clear_path_in, info_path, path_in
from copilot.edits.thinking import behind_thinking, closes_thinking, opens_thinking
from copilot.edits.unified import read_diff
from copilot.edits.v4a import begins_patch, heredoc_word, is_patch_mark, read_patch
from copilot.edits.whole import (
    Doubt,
    Named,
    holds_fences,
    is_patch_file,
    may_be_file,
    named_file,
    read_whole,
)
from copilot.errors import EditsRefused

# Fences, rules and other marks in the prose of a reply; none that is meant for people has more.
_MOST_MARKS = 200_000
# A cheap look at every line before a closer one: what may begin something but prose.
_FIRST = frozenset("<>`~*_-d@Ee \t")
_NOTABLE = re.compile(
    r"[ \t]*+(?:`{3}|~{3}|<{4}|>{4}|</?(?:think|reasoning)|\*{3}|--- |diff --git |@@"
    r"|[*_`\s]*+end of edits:)",
    re.IGNORECASE,
)
# A hunk's header as diffs have it; `@@` alone may be anything.
_HUNK = re.compile(r"@@ (?:-\d|[^@\n]{0,100}@@\s*+$)")


def parse(reply: str, marker: int = 7, *, closing_required: bool = True) -> Reply:
    """Take a reply apart: our own blocks, aider's, whole files, diffs and V4A patches, and prose.

    `marker` is the number of `<`, `=` and `>` characters that was asked for; a block that uses
    another number from 5 to 20 throughout is understood too. With `closing_required` our format was
    asked for: blocks, whole files and diffs outside of fences then need the closing line. Without,
    blocks outside of fences and our own verbs still do. Raises EditsRefused where the reply is
    broken, cut off, or holds what is not understood: then none of it may be applied.
    """
    reader = _Reader(reply_lines(reply), marker, loosely=not closing_required)
    reader.read()
    check_complete(reader.found, reader.announced, reader.path_lines, required=closing_required)
    files, blocks = reader.announced or (None, None)
    operations = tuple(found.operation for found in reader.found)
    return Reply(operations, "\n\n".join(reader.prose), files, blocks)


class _Reader:
    """Reads from one thing to the next; the lines from `_pending` to there are prose."""

    def __init__(self, lines: list[str], marker: int, *, loosely: bool) -> None:
        self.found: list[Found] = []
        self.announced: tuple[int, int] | None = None
        self.path_lines = 0
        self.prose: list[str] = []
        self._lines = lines
        self._marker = marker
        self._pending = 0
        self._path: str | None = None
        self._fences: list[tuple[int, Fence]] = []
        self._first = next_filled(lines, 0)
        self._doubt: Doubt | None = None
        self._unsure: int | None = None
        self._loosely = loosely
        self._loose: list[int] = []

    def read(self) -> None:
        index = 0
        for _ in range(_MOST_MARKS):
            index = self._next_notable(index)
            if index == len(self._lines):
                break
            index = self._take(index, self._lines[index])
        else:
            raise EditsRefused(f"the reply holds more than {_MOST_MARKS} marks", TRY_AGAIN)
        self._flush(len(self._lines))
        self._check_fences()
        self._check_files()

    def _next_notable(self, start: int) -> int:
        lines = self._lines
        for index in range(start, len(lines)):
            if lines[index][:1] in _FIRST and _NOTABLE.match(lines[index]):
                return index
        return len(lines)

    def _take(self, index: int, line: str) -> int:
        """Take what begins at `index`, and return the index behind it."""
        if fence := fence_in(line):
            return self._take_fence(index, fence)
        mark = marker_in(line)
        if mark and mark.char != "=" and self._is_length(mark.length):
            return self._take_block(index, mark)
        if is_nearly_marker(line):
            raise refused(index, "this is nearly a marker", line)
        if begins_patch(line):
            return self._take_patch(index)
        if is_patch_mark(line):
            raise refused(index, "this stands outside of a patch", line)
        if is_file_start(self._lines, index):
            return self._take_diff(index, index, None)
        if closing := closing_in(line):
            return self._take_closing(index, closing)
        return self._take_rest(index, line)

    def _take_rest(self, index: int, line: str) -> int:
        tag = opens_thinking(line, first=index == self._first) if not self._fences else None
        if tag:
            self._flush(index)
            end, rest = behind_thinking(self._lines, index, tag)
            self._lines[end], self._pending = rest, end
            # What stands behind the end is read; a further tag on this line is prose.
            return end + 1 if rest.lstrip().startswith("<") else end
        if not self._fences and closes_thinking(line):
            if self.found or self.announced:
                raise refused(index, "a thinking section ends here that never began", line)
            self.prose.clear()
            self._pending = index + 1
        elif _HUNK.match(line):
            raise refused(index, "the hunk stands below no file's name", line)
        return index + 1

    def _is_length(self, length: int) -> bool:
        return length in LENGTHS or length == self._marker

    def _flush(self, end: int) -> None:
        """Move the pending lines before `end` to the prose, as one paragraph or more."""
        if text := "\n".join(self._lines[self._pending : end]).strip():
            self.prose.append(text)

    def _add(self, operations: Sequence[Operation], form: Form, line: int) -> None:
        if self.announced is not None:
            raise refused(line, "a block stands behind the closing line")
        self._doubt = None
        self.found += [Found(operation, form) for operation in operations]
        check_count(self.found)

    def _take_closing(self, index: int, counts: tuple[int, int]) -> int:
        self._flush(index)
        self.announced = counts
        self._doubt = None
        return self._behind(index + 1)

    def _behind(self, index: int) -> int:
        """Begin prose behind an edit; the line that closes a fence directly below it is none."""
        self._pending = index
        fence = fence_in(self._lines[index]) if index < len(self._lines) else None
        if fence and self._fences and self._fences[-1][1].is_closed_by(fence):
            self._fences.pop()
            self._pending = index + 1
        return self._pending

    def _take_block(self, index: int, mark: Marker) -> int:
        if mark.char == ">":
            raise refused(index, f"{mark.word} closes a block that was never opened")
        if self.announced is not None:
            raise refused(index, "a block stands behind the closing line")
        path = self._take_path(index)
        fenced = bool(self._fences)
        operation, behind = read_block(self._lines, index, mark, path, fenced=fenced)
        fenced = fenced and (mark.word == "SEARCH")
        self._add([operation], Form.FENCED_BLOCK if fenced else Form.BLOCK, index)
        return self._behind(behind)

    def _take_path(self, index: int) -> str:
        """Return the path that the fence or the line above names, else that of the block before."""
        if named := self._fence_path(index):
            self.path_lines += 1
            self._path, end = named
            self._flush(end)
            return self._path
        end = index
        while end > self._pending and _is_frame(self._lines[end - 1]):
            end -= 1
        if end > self._pending:
            end -= 1
            self._path = path_in(self._lines[end])
            self.path_lines += 1
            if end > self._pending and fence_in(self._lines[end - 1]):
                end -= 1
        if self._path is None:
            raise refused(index, "the block has no path line directly above it")
        self._flush(end)
        return self._path

    def _fence_path(self, index: int) -> tuple[str, int] | None:
        """Return the path in the info string of the fence that begins with the block at `index`.

        With it comes the index of the fence, or of the path line above it.
        """
        start, fence = self._fences[-1] if self._fences else (-1, None)
        path = info_path(fence.info) if fence and start >= self._pending else None
        if path is None or next_filled(self._lines, start + 1) != index:
            return None
        top = start
        while top > self._pending and is_blank(self._lines[top - 1]):
            top -= 1
        above = clear_path_in(self._lines[top - 1]) if top > self._pending else None
        if above is None:
            return path, start
        if not f"/{above}".endswith(f"/{path}"):
            message = "the fence names another file than the line above it"
            raise refused(start, message, self._lines[start])
        return above, top - 1

    def _take_patch(self, index: int) -> int:
        if len(self._fences) > 1:
            raise refused(index, "the patch stands in an example", self._lines[index])
        above = self._lines[index - 1] if index > self._pending else ""
        word = heredoc_word(above)
        operations, behind = read_patch(self._lines, index)
        self._add(operations, Form.COMPLETE, index)
        self._end_prose(index - 1 if word else index)
        if word and behind < len(self._lines) and self._lines[behind].strip() == word:
            behind += 1
        return self._behind(behind)

    def _end_prose(self, end: int) -> None:
        """End the prose above an edit of another format; the fence around it is none."""
        if self._fences and self._fences[-1][0] == end - 1:
            end -= 1
        self._flush(end)
        self._path = None

    def _take_diff(self, index: int, start: int, fence: Fence | None) -> int:
        around = [opened for _, opened in self._fences]
        if around and (fence or is_example(around)):
            raise refused(index, "the diff stands in an example", self._lines[index])
        operations, behind = read_diff(self._lines, start, fence)
        self._add(operations, Form.COMPLETE if fence else Form.BARE_DIFF, index)
        self._end_prose(index)
        if fence and behind < len(self._lines):
            self._check_behind(index, behind, fence)
        if fence and any(holds_fences(operation.path) for operation in operations):
            self._doubt = Doubt(index + 1, fence, holds_fences=True)
        return self._behind(behind)

    def _check_behind(self, index: int, behind: int, fence: Fence) -> None:
        """Keep the fence open around the reply's closing line, and refuse a diff that goes on."""
        if closing_in(self._lines[behind]) and not is_closed_at(self._lines, behind - 1, fence):
            self._fences.append((index, fence))
        elif goes_on(self._lines[behind]):
            raise refused(behind, "the diff goes on behind its fence", self._lines[behind])

    def _take_fence(self, index: int, fence: Fence) -> int:
        if self._fences and self._fences[-1][1].is_closed_by(fence):
            self._fences.pop()
            return index + 1
        content = next_filled(self._lines, index + 1)
        kind = content_kind(self._lines, content)
        loosely = self._loosely and not self._fences
        named = named_file(self._lines, self._pending, index, fence, loosely=loosely)
        if kind is Kind.DIFF:
            if named and is_patch_file(named.path):
                message = "this may be a patch to apply or the content of a file"
                raise refused(index, message, named.path)
            return self._take_diff(index, content, fence)
        if kind is Kind.OTHER and fence.language.partition(":")[0] in DIFF_LANGUAGES:
            check_sketch(self._lines, content, named.path if named else None)
        elif kind is Kind.OTHER and named and not self._fences:
            return self._take_whole(index, fence, named)
        if kind is Kind.OTHER:
            self._note_example(index, fence)
        self._fences.append((index, fence))
        return index + 1

    def _note_example(self, index: int, fence: Fence) -> None:
        if self._doubt:
            self._doubt.check(self._lines, index, fence)
        above = self._lines[max(index - 3, self._pending) : index]
        if not self._fences and may_be_file(above, fence):
            self._unsure = index

    def _take_whole(self, index: int, fence: Fence, named: Named) -> int:
        if self._doubt:
            self._doubt.check(self._lines, index, fence, named.top)
        operation, behind, doubt = read_whole(self._lines, index, fence, named.path, named.top + 1)
        self._add([operation], Form.WHOLE, index)
        if named.loose:
            self._loose.append(index)
        self._end_prose(named.top)
        self._doubt = doubt
        self._pending = behind
        return behind

    def _check_files(self) -> None:
        """Refuse an example that may be one more file, in a reply that holds whole files."""
        if self._unsure is not None and any(found.form is Form.WHOLE for found in self.found):
            line = self._lines[self._unsure]
            raise refused(self._unsure, "this may be an example or a file to write", line)
        if self._loose and len(self._loose) < len(self.found):
            message = "this may be an example or a file to write; put its path directly above it"
            raise refused(self._loose[0], message, self._lines[self._loose[0]])

    def _check_fences(self) -> None:
        """Refuse a fence that is open at the end, if edits stand in it or nothing counts them."""
        if not self._fences or self.announced is not None or not self.found:
            return
        index, _ = self._fences[0]
        raise refused(index, "the fence is never closed: the reply was cut off")


def _is_frame(line: str) -> bool:
    return is_blank(line) or fence_in(line) is not None
