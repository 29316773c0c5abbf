from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import census_python, census_trees
from benchmarks.census import Census, main
from benchmarks.census_judged import Judged
from copilot.structure.grammars import parser_for

_CENSUS = Path(census_python.__file__).with_name("census.py")

PYTHON = b"""\
LIMIT = 1

@decorate(
    2)
class A:
    size = 0

    def method(
        self,
    ):
        def inner(): return 1
        return inner()
"""
GO = b"""\
package a

type Shape struct {
	sync.Mutex
	Sides, Corners int
}

func (s *Shape) Draw(
	x int,
) {
	type local struct{ a int }
	print(x)
}
"""
RUST = b"""\
/// A shape.
#[derive(
    // Shown.
    Debug,
)]
pub struct Shape(u8);

impl Shape {
    fn draw(&self) {
        fn inner() {}
        inner()
    }
}

enum Way { Up, Down }
"""
TYPESCRIPT = b"""\
export const load = async (
  path: string,
) => {
  const local = () => 1;
  return local();
};

interface A { b: string; c(): void }
enum Way { Up, Down = 2 }
export declare const limit: number;
"""


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(arguments) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_census_of_a_python_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.py").write_bytes(PYTHON)
    (tmp_path / "broken.py").write_bytes(b"def f(:\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "b.py").write_bytes(PYTHON)
    document = _printed(capsys, str(tmp_path), "--exclude", "old", "--name", "mine 1.0")
    assert document["tree"] == "mine 1.0"
    assert (document["files"], document["files_skipped"], document["files_excluded"]) == (1, 1, 1)
    assert (document["lines"], document["bytes"]) == (12, len(PYTHON))
    no_loss = {"lost": 0, "misnamed": 0, "head_cut": 0}
    heads = {"heads_of_many_lines": 2, "head_whole": 2}
    assert document["definitions"] == {"all": 4, "found": 4, "named": 4, **heads, **no_loss}
    assert document["inside_functions"]["all"] == document["inside_functions"]["found"] == 1
    assert document["examples"] == []


@pytest.mark.parametrize(
    ("name", "source", "language", "kinds", "inside"),
    [
        ("a.go", GO, "go", {"struct": 1, "field": 3, "method": 1}, 2),
        (
            "a.rs",
            RUST,
            "rust",
            {"struct": 1, "impl": 1, "method": 1, "enum": 1, "field": 2},
            1,
        ),
        (
            "a.ts",
            TYPESCRIPT,
            "typescript",
            {"function": 1, "interface": 1, "field": 3, "method": 1, "enum": 1, "variable": 1},
            1,
        ),
        (
            "a.js",
            b"export var a = 1;\nclass B { c() {} }\n",
            "javascript",
            {"variable": 1, "class": 1, "method": 1},
            0,
        ),
    ],
)
def test_the_census_of_other_trees(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    source: bytes,
    language: str,
    kinds: dict[str, int],
    inside: int,
) -> None:
    (tmp_path / name).write_bytes(source)
    document = _printed(capsys, str(tmp_path), "--language", language)
    found = {kind: counts["found"] for kind, counts in document["kinds"].items()}
    assert found == kinds
    assert document["inside_functions"]["all"] == inside
    assert document["definitions"]["named"] == document["definitions"]["all"]


def test_the_head_of_a_definition_holds_its_attributes_but_no_comment() -> None:
    parser = parser_for(".rs")
    assert parser is not None
    judged = census_trees.judge(parser, "rust", RUST)
    assert judged is not None
    assert judged[0] == Judged("struct", "Shape", 6, (2, 4, 5, 6), 6, inside=False)


def test_a_file_that_tree_sitter_cannot_parse_is_not_judged() -> None:
    parser = parser_for(".go")
    assert parser is not None
    assert census_trees.judge(parser, "go", b"package a\nfunc f( {\n") is None


def test_what_an_outline_leaves_out_is_seen() -> None:
    counts = Census()
    source = b"def f(a):\n    first = 1\n    second = 2\n    return first\n"
    counts.add("a.py", source, [Judged("variable", "second", 3, (2, 3), 3, inside=False)])
    made = counts.document("python", "a")["definitions"]
    assert (made["lost"], made["head_cut"], made["misnamed"]) == (1, 1, 1)
    assert sorted(counts.lost) == [
        "head_cut: a.py:3 variable second",
        "lost: a.py:3 variable second",
        "misnamed: a.py:3 variable second",
    ]


def test_what_is_named_twice_or_with_another_kind_is_seen() -> None:
    counts = Census()
    wrong = Judged("class", "f", 1, (1,), 1, inside=False)
    once = Judged("function", "g", 2, (2,), 2, inside=False)
    counts.add("a.py", b"def f(): pass\ndef g(): pass\n", [wrong, once, once])
    assert counts.document("python", "a")["definitions"]["misnamed"] == 3


def test_it_is_a_command(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(PYTHON)
    done = subprocess.run(
        [sys.executable, _CENSUS, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["tree"] == tmp_path.name
