from __future__ import annotations

import re

import pytest

from copilot.edits.parse import parse
from copilot.errors import EditsRefused

_BLOCK = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n"
_DIFF = "--- a/main/c\n+++ b/main/c\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (f"main/a\n{_BLOCK}", "END OF EDITS: 1 file, 1 block"),
        (f"main/a\n{_BLOCK}\n{_BLOCK}", "END OF EDITS: 1 file, 2 blocks"),
        (f"main/a\n{_BLOCK}\nmain/b\n{_BLOCK}", "END OF EDITS: 2 files, 2 blocks"),
        (f"main/a\n{_BLOCK}\n```diff\n{_DIFF}```\n", "END OF EDITS: 2 files, 1 block"),
        (_DIFF, "END OF EDITS: 1 file, 1 block"),
    ],
)
def test_the_hint_names_the_line_that_would_complete_the_reply(reply: str, line: str) -> None:
    with pytest.raises(EditsRefused, match="the closing line is missing") as refusal:
        parse(reply)
    named = re.search(r"`(.*)`", refusal.value.hint)
    assert named is not None
    assert named[1] == line
    assert parse(f"{reply}\n{line}\n").operations
