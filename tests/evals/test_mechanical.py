"""Edits made by code: what they change, and what they leave alone."""

from __future__ import annotations

import ast
import difflib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.evals.mechanical import KINDS, edit_in, is_python, same_program
from copilot.evals.plain_edits import Edit
from copilot.settings.bundled import bundled

PYTHON = (bundled("prompts") / "eval-probe-module.md").read_text(encoding="utf-8")
GO = """package main

const Limit = 42

func Sum(values []int) int {
	total := 0
	for _, one := range values {
		total += one
	}
	return total
}
"""
TYPESCRIPT = """export const LIMIT = 42;
const LABEL = "short";

export function join(parts: string[]): string {
  let size = 0;
  for (const part of parts) {
    size += part.length;
  }
  return render(parts, size);
}
"""


def _edit(text: str, kind: str, seed: int, path: str = "a.py") -> Edit | None:
    return edit_in(path, text, kind, Random(seed))  # noqa: S311 - what is drawn is no secret


def _made(text: str, kind: str, seed: int, path: str = "a.py") -> Edit:
    edit = _edit(text, kind, seed, path)
    assert edit is not None
    return edit


def _changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 1000))
def test_each_kind_of_edit_leaves_a_program(kind: str, seed: int) -> None:
    edit = _made(PYTHON, kind, seed)
    assert edit.after != PYTHON
    assert not same_program(edit.after, PYTHON)
    ast.parse(edit.after)
    assert edit == _edit(PYTHON, kind, seed)


def test_a_rename_is_at_every_place_and_only_there() -> None:
    text = "def f(items):\n    count = 0\n    for one in items:\n        count += one\n"
    found = {edit.words["name"]: edit for n in range(20) if (edit := _edit(text, "rename", n))}
    assert set(found) == {"count", "one"}
    new = found["count"].words["new"]
    assert found["count"].after == text.replace("count", new)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    a = x\n    return a.a\n",
        "def f(x):\n    a = x\n    return g(a=a)\n",
        "def f(x):\n    a = x\n    # a is x\n    return a\n",
        "def f(a):\n    a = a + 1\n    return a\n",
        "def f(x):\n    global a\n    a = x\n    return a\n",
        "def f(x):\n    a = x\n    class B:\n        a = 1\n    return a, B\n",
        "def f(x):\n    a = x\n    return a\ndef f(y):\n    return y\n",
    ],
)
def test_what_may_mean_something_else_is_not_renamed(text: str) -> None:
    assert not any(_edit(text, "rename", seed) for seed in range(10))


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("def f():", "def f(NEW):"),
        ("def f(a, b):", "def f(a, b, NEW):"),
        ("def f(a, b=(1, 2)):", "def f(a, b=(1, 2), NEW):"),
        ("def f(a, b=(1)):", None),
        ("async def f(a: int = 3) -> None:", "async def f(a: int = 3, NEW) -> None:"),
        ("def f(a,):", None),
        ("def f(*rest):", None),
        ("def f(a, *, b):", None),
    ],
)
def test_where_a_parameter_goes(head: str, wanted: str | None) -> None:
    text = f"{head}\n    pass\n"
    edit = _edit(text, "parameter", 1)
    assert (edit is None) == (wanted is None)
    if edit and wanted:
        assert edit.after == f"{wanted}\n    pass\n".replace("NEW", edit.words["new"])


@pytest.mark.parametrize(
    "text",
    [
        "A = 1\nA = 2\n",
        "A = 0x10\n",
        "A = f(1)\n",
        'A = "a\\n"\n',
        "def f():\n    A = 1\n",
        "A = B = 1\n",
    ],
)
def test_only_plain_constants_of_one_value_are_changed(text: str) -> None:
    assert _edit(text, "constant", 1) is None


def test_a_constant_keeps_its_kind() -> None:
    for seed in range(30):
        edit = _made("NAME: str = 'short'\nSIZE = 12  # bytes\n", "constant", seed)
        old, new = edit.words["old"], edit.words["new"]
        assert type(ast.literal_eval(old)) is type(ast.literal_eval(new))
        assert "# bytes" in edit.after


@pytest.mark.parametrize(("path", "text"), [("a.go", GO), ("a.ts", TYPESCRIPT)])
@pytest.mark.parametrize("kind", ["rename", "constant", "insert"])
def test_other_languages(path: str, text: str, kind: str) -> None:
    edit = _made(text, kind, 3, path)
    changed = _changed(text, edit.after)
    if kind == "rename":
        assert edit.after == text.replace(edit.words["name"], edit.words["new"])
    else:
        assert [line[0] for line in changed if "?" not in line[0]] in (["-", "+"], ["+"])
        assert edit.words["new"] in edit.after


def test_what_no_edit_is_known_for() -> None:
    assert not is_python("a.go")
    assert _edit(GO, "parameter", 1, "a.go") is None
    assert _edit("# Title\n", "constant", 1, "a.md") is None
    assert _edit("def f(:\n", "rename", 1) is None
    assert not same_program("a = 1", "a = (")


@pytest.mark.parametrize(
    "text", ["A = 1\nB = 2\nA = 1\nB = 2\n", "A = 1  # as `B`\n\n", "A = 1", "A = (1\n)\n\n"]
)
def test_a_line_that_cannot_be_named_gets_none_below_it(text: str) -> None:
    assert _edit(text, "insert", 1) is None


def test_an_inserted_line_is_indented_as_the_one_above() -> None:
    edit = _made("class A:\n    size = 1\n\n    def f(self): ...\n", "insert", 1)
    name = edit.words["new"]
    assert edit.after == f"class A:\n    size = 1\n    {name}\n\n    def f(self): ...\n"


@pytest.mark.parametrize("seed", range(5))
def test_positions_are_right_behind_other_letters(seed: int) -> None:
    text = 'LÄNGE = "groß"; SIZE = 12  # Öl\n'
    edit = _made(text, "constant", seed)
    assert edit.after == text.replace(edit.words["old"], edit.words["new"])
    code = "def f(ß):\n    größe = ß\n    return größe + größe\n"
    assert _made(code, "rename", seed).after.count("größe") == 0


def test_warnings_about_a_file_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    edit = _made('SIZE = 12\nPATTERN = "\\d"\n\n', "constant", 1)
    assert same_program(edit.after, edit.after)
    assert not recwarn.list
