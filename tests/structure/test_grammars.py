from __future__ import annotations

import pytest

from copilot.structure.grammars import parser_for


@pytest.mark.parametrize("suffix", [".py", ".pyi", ".PY"])
def test_python_has_a_parser(suffix: str) -> None:
    parser = parser_for(suffix)
    assert parser is not None
    assert parser.parse(b"x = 1\n").root_node.type == "module"


@pytest.mark.parametrize("suffix", ["", ".", "py", ".txt", ".\udcff"])
def test_other_files_have_none(suffix: str) -> None:
    assert parser_for(suffix) is None
