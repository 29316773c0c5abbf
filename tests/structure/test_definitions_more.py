"""Lines and signatures of definitions whose shape is a language's own."""

from __future__ import annotations

import pytest

from copilot.structure.definitions import definitions
from copilot.structure.grammars import missing_grammar
from copilot.structure.syntax import first_error_line

CASES = [
    (
        "A.hs",
        "-- | Doc.\ntotal :: [Int]\n  -> Int\ntotal [] = 0\ntotal (x:xs)\n  | x > 0 = x\n"
        "  | otherwise = go xs\n  where go = total\nnext = 1\n",
        [
            ("function", "total", 2, 8, "total :: [Int]\n  -> Int\ntotal []"),
            ("function", "next", 9, 9, "next"),
        ],
    ),
    (
        "A.hs",
        "(<+>) :: M -> M -> M\na <+> b = a\nleft, right :: Int\n",
        [
            ("function", "<+>", 1, 2, "(<+>) :: M -> M -> M\na <+> b"),
            ("function", "left", 3, 3, "left, right :: Int"),
            ("function", "right", 3, 3, "left, right :: Int"),
        ],
    ),
    (
        "a.erl",
        "f(0) ->\n    ok;\nf(X)\n  when X > 0 ->\n    f(X - 1).\n",
        [
            ("function", "f", 1, 2, "f(0) ->"),
            ("function", "f", 3, 5, "f(X)\n  when X > 0 ->"),
        ],
    ),
    (
        "a.ml",
        "let rec f ?(a = 1)\n    b : int =\n  g b\n\nand g x = f x\n"
        "module M (X : S) = struct\nend\n",
        [
            ("function", "f", 1, 3, "let rec f ?(a = 1)\n    b : int ="),
            ("function", "g", 5, 5, "g x ="),
            ("module", "M", 6, 7, "M (X : S) ="),
        ],
    ),
    (
        "a.clj",
        '(defn ^String f\n  "Doc."\n  [a\n   b]\n  [a b])\n(defn g\n  ([a] a)\n  ([a b] b))\n',
        [
            ("function", "f", 1, 5, '(defn ^String f\n  "Doc."\n  [a\n   b]'),
            ("function", "g", 6, 8, "(defn g"),
        ],
    ),
    (
        "a.tf",
        'resource "aws_s3_bucket" "logs" {\n  bucket = "x"\n}\n',
        [("resource", "logs", 1, 3, 'resource "aws_s3_bucket" "logs"')],
    ),
    (
        "a.sql",
        "CREATE FUNCTION f(a INT)\nRETURNS INT AS $$\nSELECT a\n$$ LANGUAGE sql;\n"
        "CREATE VIEW `s`.`v` AS SELECT 1;\n",
        [
            ("function", "f", 1, 4, "CREATE FUNCTION f(a INT)\nRETURNS INT AS $$"),
            ("view", "s.v", 5, 5, "CREATE VIEW `s`.`v` AS SELECT 1"),
        ],
    ),
    (
        "a.proto",
        "service S {\n  rpc F (A)\n      returns (B);\n}\n",
        [
            ("service", "S", 1, 4, "service S {"),
            ("method", "F", 2, 3, "rpc F (A)\n      returns (B);"),
        ],
    ),
    (
        "a.graphql",
        "type A @key {\n  b(\n    c: Int\n  ): D\n}\n",
        [
            ("class", "A", 1, 5, "type A @key"),
            ("field", "b", 2, 4, "b(\n    c: Int\n  ): D"),
        ],
    ),
]


@pytest.mark.parametrize(("path", "source", "expected"), CASES, ids=[c[0] for c in CASES])
def test_a_definition_knows_its_lines_and_signature(
    path: str, source: str, expected: list[tuple[str, str, int, int, str]]
) -> None:
    if package := missing_grammar(path):
        pytest.skip(f"needs {package}")
    found = definitions(path, source.encode())
    assert [(d.kind, d.name, d.start_line, d.end_line, d.signature) for d in found] == expected


def test_a_resource_belongs_to_its_type() -> None:
    if package := missing_grammar("a.tf"):
        pytest.skip(f"needs {package}")
    found = definitions("a.tf", b'resource "aws_s3_bucket" "logs" {}\n')
    assert [(d.parent, d.name) for d in found] == [("aws_s3_bucket", "logs")]


def test_the_dialects_of_sql_are_not_called_broken() -> None:
    assert first_error_line("a.sql", b"EXEC dbo.run @a = 1\nGO\n") is None
