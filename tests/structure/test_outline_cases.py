"""Outlines as a person would draw them: cases/<language>/*.txt, written by hand.

A case holds a source and what is expected of it, under lines that begin with `---`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.structure.definitions import definitions
from copilot.structure.grammars import grammar_named, is_installed, missing_grammar
from copilot.structure.outline import outline

_MAIN = {"python", "javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp", "csharp"}
_MAIN |= {"ruby", "php", "bash"}
_CASES = sorted((Path(__file__).parent / "cases").glob("*/*.txt"))


def _sections(case: Path) -> tuple[str, dict[str, str]]:
    """Return the source file's name, and the text under each head of a case."""
    text = case.read_bytes().decode("utf-8")
    blocks = [block.partition("\n") for block in f"\n{text}".split("\n--- ")[1:]]
    sections = {head.partition(":")[0]: f"{body}\n".lstrip("\0") for head, _, body in blocks}
    last = blocks[-1][0].partition(":")[0]
    sections[last] = sections[last][:-1]
    return blocks[0][0].partition(": ")[2], sections


def _source(case: Path) -> tuple[str, dict[str, str]]:
    path, sections = _sections(case)
    if package := missing_grammar(path):
        pytest.skip(f"needs {package}")
    if not is_installed(grammar_named(case.parent.name)):
        pytest.skip(f"needs the grammar of {case.parent.name}")
    return path, sections


@pytest.mark.parametrize("case", _CASES, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_the_outline_is_as_drawn(case: Path) -> None:
    path, sections = _source(case)
    made = outline(path, sections["source"])
    assert made is not None
    assert made.text == sections["outline"]
    spans = [f"{a}-{b}" if b > a else f"{a}" for a, b in made.errors]
    assert spans == sections.get("errors", "").split()


_WITHOUT = [case for case in _CASES if "outline without members" in _sections(case)[1]]


@pytest.mark.parametrize("case", _WITHOUT, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_the_outline_without_members_is_as_drawn(case: Path) -> None:
    path, sections = _source(case)
    made = outline(path, sections["source"], members=False)
    assert made is not None
    assert made.text == sections["outline without members"]


_DEFINED = [case for case in _CASES if "definitions" in _sections(case)[1]]


@pytest.mark.parametrize("case", _DEFINED, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_the_definitions_are_as_listed(case: Path) -> None:
    path, sections = _source(case)
    found = definitions(path, sections["source"].encode())
    listed = [f"{d.kind} {f'{d.parent}.' if d.parent else ''}{d.name}" for d in found]
    assert listed == sections["definitions"].splitlines()


@pytest.mark.parametrize("language", sorted({case.parent.name for case in _CASES}))
def test_each_language_has_cases_enough(language: str) -> None:
    wanted = 6 if language in _MAIN else 2
    assert len([case for case in _CASES if case.parent.name == language]) >= wanted
