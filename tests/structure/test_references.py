from __future__ import annotations

import pytest

from copilot.structure.grammars import missing_grammar
from copilot.structure.references import Reference, references

CASES = [
    (
        "a.py",
        "import os.path as p, re\nfrom .models import Order\n@cached\ndef f(x: Order) -> None:\n"
        "    p.join(x)\nclass A(Base): pass\n",
        "import os.path, import re, import .models, call cached, type Order, call join, type Base",
    ),
    (
        "a.jsx",
        "import A from './a.js';\nexport * from 'b';\nconst c = require('c');\n"
        "class D extends A {}\nnew D(c.run());\nconst e = <Card><Item /></Card>;\n",
        "import ./a.js, import b, call require, import c, type A, call D, call run, call Card, "
        "call Item",
    ),
    (
        "a.ts",
        "import { A } from './a';\nconst b: Map<A> = make(1);\nclass C extends D {}\n",
        "import ./a, type Map, type A, call make, type C, type D",
    ),
    (
        "a.go",
        'package a\nimport (\n\t"fmt"\n\tx "y/z"\n)\nfunc f(s Store) { fmt.Println(run(s)) }\n',
        "import fmt, import y/z, type Store, call Println, call run",
    ),
    (
        "a.rs",
        "use std::fmt;\nmod b;\nfn f(s: Store) { s.get(); a::run::<u8>(1); vec![1]; }\n",
        "import std::fmt, import b, type Store, call get, call run, call vec",
    ),
    (
        "A.java",
        "import java.util.List;\nclass A { void f() { new B<C>(); this.g(); } @D void h() {} }\n",
        "import java.util.List, call B, type B, type C, call g, call D",
    ),
    (
        "a.c",
        '#include <stdio.h>\n#include "b.h"\nint f(store_t *s) { return g(s->h(1)); }\n',
        "import stdio.h, import b.h, type store_t, call g, call h",
    ),
    (
        "a.cpp",
        "#include <map>\nint f(A a) { return b::g(a.h()); }\n",
        "import map, type A, call g, call h",
    ),
    (
        "a.cs",
        "using System.IO;\nclass A : B { C f(D d) { return d.G(new E()); } }\n",
        "import System.IO, type B, type C, type D, call G, call E",
    ),
    (
        "a.rb",
        "require 'json'\nclass A < B\n  def f\n    C.new(g(1))\n  end\nend\n",
        "call require, import json, type A, type B, type C, call new, call g",
    ),
    (
        "a.php",
        "<?php\nuse A\\B;\nrequire 'c.php';\nfunction f(D $d) { return $d->g(new E()) + h(); }\n",
        "import A\\B, import c.php, type D, call g, call E, call h",
    ),
    (
        "a.sh",
        "source ./lib.sh\nrun -x | sort\n",
        "call source, import ./lib.sh, call run, call sort",
    ),
]


@pytest.mark.parametrize(("path", "source", "expected"), CASES, ids=[c[0] for c in CASES])
def test_what_a_file_uses_is_found_in_its_order(path: str, source: str, expected: str) -> None:
    if package := missing_grammar(path):
        pytest.skip(f"needs {package}")
    found = references(path, source.encode())
    assert ", ".join(f"{r.kind} {r.name}" for r in found) == expected


def test_a_reference_knows_its_line() -> None:
    assert references("a.py", b"\nf()\n") == (Reference("f", "call", 2),)


def test_a_file_of_no_known_language_uses_nothing() -> None:
    assert references("a.txt", b"f()\n") == ()
