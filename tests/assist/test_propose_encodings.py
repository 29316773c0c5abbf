"""Files that are read as text but are no UTF-8: edited in their own encoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import pack
from copilot.assist.propose import Ground, Proposal, propose
from copilot.assist.scope import Scope
from copilot.errors import EditsRefused
from copilot.workspace.choose import Selection
from copilot.workspace.roots import find_roots

TEXT = "# Author: José\r\nplain = 1\r\n"


@pytest.fixture(params=["cp1252", "utf-16"])
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(
    make_repository: Callable[..., Path], tmp_path: Path, encoding: str
) -> Callable[[str], Proposal]:
    def run(edit: str) -> Proposal:
        root = make_repository({"a.py": TEXT.encode(encoding)}, "app")
        roots = find_roots([str(root)], tmp_path)
        scope = Scope(roots, Selection(), "o200k_base", tmp_path)
        packed = pack(scope, None, "", lambda *_: None)
        assert packed.full_texts == {"app/a.py": TEXT.replace("\r\n", "\n")}
        return propose(f"app/a.py\n{edit}\nEND OF EDITS: 1 file, 1 block\n", Ground(roots))

    return run


def test_an_edit_keeps_every_byte_beside_it(ask: Callable[[str], Proposal], encoding: str) -> None:
    edit = "<<<<<<< SEARCH\nplain = 1\n=======\nplain = 'é'\n>>>>>>> REPLACE\n"
    (change,) = ask(edit).changes.changes
    assert change.after == TEXT.replace("1", "'é'").encode(encoding)


def test_a_whole_new_text(ask: Callable[[str], Proposal], encoding: str) -> None:
    (change,) = ask("<<<<<<< OVERWRITE\nplain = 'é'\n>>>>>>> END\n").changes.changes
    assert change.after == "plain = 'é'\r\n".encode(encoding)


def test_what_the_encoding_cannot_hold(ask: Callable[[str], Proposal], encoding: str) -> None:
    edit = "<<<<<<< SEARCH\nplain = 1\n=======\nplain = '漢'\n>>>>>>> REPLACE\n"
    if encoding == "utf-16":
        (change,) = ask(edit).changes.changes
        assert change.after == TEXT.replace("1", "'漢'").encode(encoding)
    else:
        with pytest.raises(EditsRefused, match="cp1252"):
            ask(edit)
