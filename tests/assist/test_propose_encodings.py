"""Files that are read as text but are no UTF-8: edits of them are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import pack
from copilot.assist.propose import propose
from copilot.assist.scope import Scope
from copilot.errors import EditsRefused
from copilot.workspace.choose import Selection
from copilot.workspace.roots import find_roots

TEXT = "# Author: José\nplain = 1\n"
REPLACE = "app/a.py\n<<<<<<< SEARCH\nplain = 1\n=======\nplain = 2\n>>>>>>> REPLACE\n"
OVERWRITE = "app/a.py\n<<<<<<< OVERWRITE\nplain = 2\n>>>>>>> END\n"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
@pytest.mark.parametrize("edit", [REPLACE, OVERWRITE], ids=["replace", "overwrite"])
def test_what_is_read_in_another_encoding_is_not_edited(
    make_repository: Callable[..., Path], tmp_path: Path, encoding: str, edit: str
) -> None:
    root = make_repository({"a.py": TEXT.encode(encoding)}, "app")
    roots = find_roots([str(root)], tmp_path)
    packed = pack(Scope(roots, Selection(), "o200k_base", tmp_path), None, "", lambda *_: None)
    assert packed.full_texts == {"app/a.py": TEXT}
    with pytest.raises(EditsRefused, match="the file is no UTF-8 text"):
        propose(f"{edit}\nEND OF EDITS: 1 file, 1 block\n", roots)
    assert (root / "a.py").read_bytes() == TEXT.encode(encoding)
