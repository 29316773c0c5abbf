"""A review's reply taken apart: strict, but for white space and Markdown fences.

    HUNK 1: looked at: what it does
    HUNK 2: not looked at
    FINDING
    file: repository/folder/name
    line: 12
    evidence:
    > a line as it stands there
    claim: what is wrong, in one line
    severity: error
    category: correctness
    suggestion:
    an edit block, as in a reply to a task
    END FINDING
    END OF REVIEW: 2 hunks, 1 finding

Fields may stand in any order, each once; `suggestion` may be missing, and what a hunk does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from copilot.assist.reviewing.finding import Dropped
from copilot.edits.thinking import behind_thinking, opens_thinking
from copilot.errors import EditsRefused

NOT_IN_FORM = "not in the form that was asked for"
BROKEN_OFF = "the reply breaks off before its closing line"
_FIELDS = ("file", "line", "evidence", "claim", "severity", "category", "suggestion")
_MUST = frozenset(_FIELDS) - {"suggestion"}
_BEGIN, _END = "FINDING", "END FINDING"
_HUNK = re.compile(r"HUNK (\d{1,6}): (looked at|not looked at)(?::([^\n]*))?")
_CLOSING = re.compile(r"END OF REVIEW: (\d{1,6}) hunks?, (\d{1,6}) findings?")
_FIELD = re.compile(rf"({'|'.join(_FIELDS)}):[ \t]*(.*)")
_LINES = re.compile(r"(\d{1,9})(?:[ \t]*[-–][ \t]*(\d{1,9}))?")
_FENCE = re.compile(r"(?:`{3,}|~{3,})[\w-]*")
_CATEGORY = re.compile(r"[a-z][a-z0-9-]{0,31}")
_MOST_CLAIM = 2000


@dataclass(frozen=True)
class Claimed:
    """A finding as the reply says it, nothing of it checked but its form.

    `lines` are the first and the last, `quote` what it quotes, `text` the block itself.
    """

    file: str
    lines: tuple[int, int]
    quote: tuple[str, ...]
    claim: str
    severity: str
    category: str
    suggestion: str
    text: str


@dataclass(frozen=True)
class Heard:
    """What a reply says: findings, the hunks that it looked at, and what cannot be read.

    `told` is what it says of the hunks that it looked at, "" where it says no more than that.
    `broken` says why the reply is not in the form, "" if it is.
    """

    claimed: tuple[Claimed, ...]
    dropped: tuple[Dropped, ...]
    told: Mapping[int, str]
    broken: str = ""

    @property
    def looked_at(self) -> frozenset[int]:
        """The numbers of the hunks that it says it looked at."""
        return frozenset(self.told)


def parse_review(reply: str, hunks: Collection[int], marker: int = 7) -> Heard:
    """Take a reply apart that was asked about these hunks.

    `marker` is the number of `<` that begin an edit block in it. Whatever is not in the form makes
    it broken; what is, counts all the same.
    """
    reading = _Reading(frozenset(hunks), marker)
    for line in _without_thinking(reply.replace("\r\n", "\n").split("\n")):
        reading.take(line)
    return reading.end()


def _without_thinking(lines: list[str]) -> list[str]:
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    tag = opens_thinking(lines[first], first=True)
    if tag is None:
        return lines
    try:
        end, rest = behind_thinking(lines, first, tag)
    except EditsRefused:
        return []
    return [rest, *lines[end + 1 :]]


@dataclass
class _Reading:
    """The lines of a reply, taken one after another."""

    hunks: frozenset[int]
    marker: int
    said: dict[int, str | None] = field(default_factory=dict)
    claimed: list[Claimed] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    blocks: int = 0
    broken: str = ""
    is_closed: bool = False
    block: list[str] | None = None
    is_in_edit: bool = False

    def take(self, line: str) -> None:
        line = line.rstrip()
        if self.block is not None:
            self._inside(line, self.block)
        elif not line.strip() or _FENCE.fullmatch(line.strip()):
            return
        else:
            if self.is_closed:
                # A closing line that a text talked the model into takes nothing from what follows.
                self._break("something stands behind the closing line")
            self._between(line.strip())

    def end(self) -> Heard:
        if self.block is not None:
            self._drop()
        if not self.is_closed:
            # What is missing at the end says more than what was odd before it.
            self.broken = BROKEN_OFF
        told = {number: said for number, said in self.said.items() if said is not None}
        return Heard(tuple(self.claimed), tuple(self.dropped), told, self.broken)

    def _between(self, line: str) -> None:
        if line == _BEGIN:
            self.block, self.blocks = [], self.blocks + 1
        elif match := _HUNK.fullmatch(line):
            said = (match[3] or "").strip() if match[2] == "looked at" else None
            self._hunk(int(match[1]), said)
        elif match := _CLOSING.fullmatch(line):
            self.is_closed = True
            if (int(match[1]), int(match[2])) != (len(self.said), self.blocks):
                self._break("its closing line counts otherwise")
        else:
            self._break("a line of it is not in the form")

    def _hunk(self, number: int, said: str | None) -> None:
        if number not in self.hunks:
            self._break(f"it names a hunk {number} that there is not")
        # Who says both did not look.
        self.said[number] = said if self.said.get(number, said) is not None else None

    def _inside(self, line: str, block: list[str]) -> None:
        if self.is_in_edit:
            self.is_in_edit = not line.startswith(">" * self.marker + " ")
        elif line.strip() == _END:
            self._finish()
            return
        elif line.strip() == _BEGIN or _CLOSING.fullmatch(line.strip()):
            # The block was never closed: what begins here stands outside of it.
            self._drop()
            self._between(line.strip())
            return
        else:
            self.is_in_edit = line.startswith("<" * self.marker + " ") and _suggests(block)
        block.append(line)

    def _finish(self) -> None:
        claimed = _claimed(self.block or [])
        if claimed is None:
            self._drop()
        else:
            self.claimed.append(claimed)
        self.block = None

    def _drop(self) -> None:
        text = "\n".join(self.block or [])
        self.dropped.append(Dropped(None, NOT_IN_FORM, text))
        self._break("a finding in it is not in the form")
        self.block, self.is_in_edit = None, False

    def _break(self, why: str) -> None:
        self.broken = self.broken or why


def _suggests(block: list[str]) -> bool:
    return any(line.strip() == "suggestion:" for line in block)


def _claimed(block: list[str]) -> Claimed | None:
    """Return the finding that a block's lines say, None if they are not in the form."""
    found: dict[str, list[str]] = {}
    here = ""
    for line in block:
        match = None if here == "suggestion" else _FIELD.fullmatch(line.strip())
        if here == "evidence" and line.lstrip().startswith(">"):
            found[here].append(_quoted(line))
        elif match and match[1] not in found:
            here = match[1]
            found[here] = [match[2]] if match[2] else []
        elif here == "suggestion":
            found[here].append(line)
        elif line.strip() and not _FENCE.fullmatch(line.strip()):
            return None
    return _made(found, "\n".join(block))


def _quoted(line: str) -> str:
    return line.lstrip().removeprefix(">").removeprefix(" ")


def _made(found: dict[str, list[str]], text: str) -> Claimed | None:
    if not found.keys() >= _MUST:
        return None
    single = {name: " ".join(found[name]).strip() for name in _MUST - {"evidence"}}
    numbers = _LINES.fullmatch(single["line"])
    if not (numbers and all(single.values()) and _CATEGORY.fullmatch(single["category"].lower())):
        return None
    first = int(numbers[1])
    last = max(first, int(numbers[2] or first))
    suggestion = "\n".join(_bare(found.get("suggestion", []))).strip("\n")
    return Claimed(
        single["file"].strip("`"),
        (first, last),
        tuple(found["evidence"]),
        single["claim"][:_MOST_CLAIM],
        single["severity"].lower(),
        single["category"].lower(),
        f"{suggestion}\n" if suggestion else "",
        text,
    )


def _bare(lines: list[str]) -> list[str]:
    """Return lines without the fence around them."""
    full = [n for n, line in enumerate(lines) if line.strip()]
    if len(full) > 1 and all(_FENCE.fullmatch(lines[n].strip()) for n in (full[0], full[-1])):
        return lines[full[0] + 1 : full[-1]]
    return lines
