from __future__ import annotations

import pytest

from copilot.structure.grammars import missing_grammar
from copilot.structure.references import references

pytestmark = pytest.mark.skipif(
    missing_grammar("a.html") is not None, reason=f"needs {missing_grammar('a.html')}"
)

CASES = {
    "Dockerfile": (
        b"FROM python:3.13 AS base\nRUN x\nFROM base\nCOPY --from=base /a /b\n",
        ["import python:3.13 1", "import base 3"],
    ),
    "Makefile": (
        b".PHONY: all\nall: lint shop.o | out\n\tmake test\ninclude a.mk\n",
        ["call lint 2", "call shop.o 2", "call out 2", "import a.mk 4"],
    ),
    "CMakeLists.txt": (
        b"find_package(fmt REQUIRED)\nshop_module(NAME a)\n",
        ["call find_package 1", "import fmt 1", "call shop_module 2"],
    ),
    "a.html": (
        b'{% extends "base.html" %}\n<link rel=x href="a.css">\n<script src=a.js></script>\n'
        b"<shop-cart></shop-cart>\n{% include 'b.html' %}\n",
        [
            "import base.html 1",
            "import a.css 2",
            "import a.js 3",
            "type shop-cart 4",
            "import b.html 5",
        ],
    ),
    "a.css": (
        b'@import url("a.css");\n@import "b.css";\n.a { color: var(--b) }\n',
        ["import a.css 1", "import b.css 2", "call --b 3"],
    ),
    "a.scss": (
        b'@use "sass:map";\n.a {\n  @include wide(2);\n}\n',
        ["import sass:map 1", "call wide 3"],
    ),
    "a.vue": (
        b'<template>\n<CartRow :a="b"/>\n</template>\n<script>\nimport "./R.vue"\n</script>\n',
        ["type CartRow 2", "import ./R.vue 5"],
    ),
    "a.svelte": (b"<script>\n  go();\n</script>\n<Row />\n", ["call go 2", "type Row 4"]),
}


@pytest.mark.parametrize("path", CASES)
def test_what_a_file_uses(path: str) -> None:
    data, expected = CASES[path]
    assert [f"{r.kind} {r.name} {r.line}" for r in references(path, data)] == expected


@pytest.mark.parametrize("path", ["a.json", "a.yml", "a.toml", "a.md"])
def test_data_uses_nothing(path: str) -> None:
    assert references(path, b"# [a](b)\n") == ()
