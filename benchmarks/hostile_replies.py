"""Takes replies of 10 MB apart and places them: the worst of each kind, in seconds of CPU.

    python benchmarks/hostile_replies.py [--megabytes 10]

Each kind is made once at a tenth of the size and once in full: where the work grows with the reply,
the ratio is about 10. Prints a table in Markdown and one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from copilot.edits.operations import Rename, Target
from copilot.edits.parse import parse
from copilot.edits.place import place
from copilot.errors import EditsRefused

_NAME = "main/a.txt"
# Some lines of the file that replies are placed on, each of its own, and as many that are alike.
_FILE_LINES = 5_000
_FILE = b"".join(b"line %d\n" % number for number in range(_FILE_LINES)) + b"same\n" * _FILE_LINES


def _repeated(piece: str, head: str = "", tail: str = "") -> Callable[[int], str]:
    def reply(size: int) -> str:
        return head + piece * max((size - len(head) - len(tail)) // len(piece), 1) + tail

    return reply


def _blocks(size: int) -> str:
    """Return many blocks for one file, each of another line, with the closing line."""
    count = size // 80
    lines = [f"line {number % _FILE_LINES}" for number in range(count)]
    pieces = [f"<<<<<<< SEARCH\n{x}\n=======\n{x}, anew\n>>>>>>> REPLACE\n" for x in lines]
    return f"{_NAME}\n{''.join(pieces)}END OF EDITS: 1 file, {count} blocks\n"


def _created(size: int) -> str:
    """Return many small new files, each under a path of its own."""
    count = size // 60
    files = [f"main/f{n}.txt\n<<<<<<< CREATE\ntext\n>>>>>>> END\n" for n in range(count)]
    return "".join(files) + f"END OF EDITS: {count} files, {count} blocks\n"


def _missing(size: int) -> str:
    """Return a few blocks with long SEARCHes that stand nowhere, of lines that do."""
    count = 20
    lines = "same\n" * (size // count // 5) + "end\n"
    block = f"<<<<<<< SEARCH\n{lines}=======\nnew\n>>>>>>> REPLACE\n"
    return f"{_NAME}\n{block * count}END OF EDITS: 1 file, {count} blocks\n"


_OPEN = f"{_NAME}\n<<<<<<< CREATE\n"
_CLOSED = ">>>>>>> END\nEND OF EDITS: 1 file, 1 block\n"
_DIFF = f"--- a/{_NAME}\n+++ b/{_NAME}\n"
KINDS: Mapping[str, Callable[[int], str]] = {
    "many blocks for one file": _blocks,
    "many new files": _created,
    "SEARCHes that stand nowhere": _missing,
    "one line, of markers' characters": _repeated("<", _OPEN, "\n" + _CLOSED),
    "one line of prose": _repeated("x"),
    "one line of white space": _repeated(" ", "main/a.txt", "."),
    "lines of a new file": _repeated("text\n", _OPEN, _CLOSED),
    "empty lines of a new file": _repeated("\n", _OPEN, _CLOSED),
    "path lines and nothing else": _repeated("main/a.txt\n"),
    "headings with stars and backticks": _repeated("### **`main/a.txt`**:\n"),
    "fences, one in the other": _repeated("```\n"),
    "fences, each longer": lambda size: "".join(
        "`" * (3 + n % 2000) + "\n" for n in range(size // 1000)
    ),
    "openings of blocks": _repeated(f"{_NAME}\n<<<<<<< SEARCH\n"),
    "closings of blocks": _repeated(">>>>>>> REPLACE\n"),
    "dividers": _repeated("=======\n"),
    "closing lines": _repeated("END OF EDITS: 1 file, 1 block\n"),
    "closing lines that are none": _repeated("*" * 150 + "end of edits: 1\n"),
    "thinking that never ends": _repeated("<think>\n"),
    "thinking, section by section": _repeated("<think>\nx\n</think>\n"),
    "hunks": _repeated("@@ -1 +1 @@\n-line 1\n+line 2\n", "```diff\n" + _DIFF, "```\n"),
    "hunk headers": _repeated("@@ -1,3 +1,3 @@ x\n", _DIFF),
    "one hunk": _repeated(" same\n", _DIFF + "@@ @@\n", "-x\n+y\n"),
    "a hunk of additions": _repeated("+x\n", f"--- /dev/null\n+++ b/{_NAME}\n@@ -0,0 +1 @@\n"),
    "heads of diffs": _repeated(_DIFF),
    "heads of git's diffs": _repeated(f"diff --git a/{_NAME} b/{_NAME}\n"),
    "half of a head": _repeated(f"--- a/{_NAME}\n"),
    "anchors of V4A": _repeated(
        "@@ same\n", f"*** Begin Patch\n*** Update File: {_NAME}\n", "-same\n+x\n*** End Patch\n"
    ),
    "hunks of V4A": _repeated(
        "@@ line 7\n-line 8\n+line 9\n",
        f"*** Begin Patch\n*** Update File: {_NAME}\n",
        "*** End Patch\n",
    ),
    "beginnings of V4A": _repeated("*** Begin Patch\n"),
    "heredocs": _repeated("apply_patch <<'EOF'\n"),
    "whole files": _repeated(f"{_NAME}\n```\ntext\n```\n"),
    "elision marks": _repeated("# ... existing code ...\n", _OPEN, _CLOSED),
    "conflict marks": _repeated("<<<<<<<< HEAD\n", _OPEN, _CLOSED),
    "line ends of Windows": _repeated("text\r\n", _OPEN, _CLOSED),
    "line ends of old": _repeated("text\r", _OPEN, "\n" + _CLOSED),
}


@dataclass(frozen=True)
class Measured:
    """Seconds of CPU for a tenth of the reply and for all of it, and what became of it."""

    kind: str
    tenth: float
    whole: float
    outcome: str


def taken(reply: str) -> str:
    """Take a reply from another tool apart, place it on one file, and say what became of it."""
    try:
        operations = parse(reply, closing_required=False).operations
    except EditsRefused as refusal:
        return refusal.message.partition("\n")[0][:80]
    paths = {o.path for o in operations} | {o.new_path for o in operations if isinstance(o, Rename)}
    targets = {raw: Target("main", raw.removeprefix("main/")) for raw in paths}
    originals = dict.fromkeys(targets.values()) | {Target("main", "a.txt"): _FILE}
    placement = place(operations, originals, targets)
    if placement.refusals:
        return f"{len(placement.refusals)} of {len(operations)} edits refused"
    return f"{len(operations)} edits, {len(placement.changes.changes)} files changed"


def measured(kind: str, size: int) -> Measured:
    """Measure one kind of reply at a size in bytes."""
    (tenth, _), (whole, outcome) = (_timed(KINDS[kind](one)) for one in (size // 10, size))
    return Measured(kind, tenth, whole, outcome)


def _timed(reply: str) -> tuple[float, str]:
    start = time.process_time()
    outcome = taken(reply)
    return round(time.process_time() - start, 3), outcome


def main() -> None:
    """Measure all kinds and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=10)
    size = parser.parse_args().megabytes * 1_000_000
    write = sys.stdout.write
    write(f"| reply of {size // 1_000_000} MB | a tenth, s | whole, s | outcome |\n")
    write("| --- | ---: | ---: | --- |\n")
    rows = []
    for kind in KINDS:
        row = measured(kind, size)
        rows.append(row)
        write(f"| {kind} | {row.tenth:.2f} | {row.whole:.2f} | {row.outcome} |\n")
        sys.stdout.flush()
    write(f"\n{json.dumps([asdict(row) for row in rows], indent=1)}\n")


if __name__ == "__main__":
    main()
