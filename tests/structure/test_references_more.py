"""What files of the further languages use, in the manner of test_references.py."""

from __future__ import annotations

import pytest

from copilot.structure.grammars import missing_grammar
from copilot.structure.references import references

CASES = [
    (
        "a.kt",
        "import a.b.C\nimport d.*\nclass A(x: B) : C(), D<E> { val y: F? = null }\n"
        "fun f(z: Z): R { g(1); z.h(2); X<Y>(3); z.each { it } }\n",
        "import a.b.C, import d, type B, call C, type C, type D, type E, type F, type Z, type R, "
        "call g, call h, call X, type Y, call each",
    ),
    (
        "a.scala",
        "import a.b.{C, D => E}\nimport f._\nclass A(x: B) extends C with D[E] {\n"
        "  val y: F = g(1); x.h(2); new Q(1); k[Z](3)\n}\n",
        "import a.b.{C, D => E}, import f._, type B, type C, type D, type E, type F, call g, "
        "call h, call Q, type Q, call k, type Z",
    ),
    (
        "a.swift",
        "import Foundation\nclass A: B { let x: C<D> = f(1)\n"
        "  func g(a: E) -> R? { h(2); a.k(3) { 1 }; return Q<W>() } }\n",
        "import Foundation, type B, type C, type D, call f, type E, type R, call h, call k, "
        "call Q, type Q, type W",
    ),
    (
        "a.lua",
        "local a = require('x.y')\nlocal b = require 'z'\nf(1)\na.g(2)\na:h(3)\np{1}\n",
        "call require, import x.y, call require, import z, call f, call g, call h, call p",
    ),
    (
        "A.pm",
        "use A::B qw(x);\nuse parent 'P';\nrequire C::D;\nrequire 'e.pl';\n"
        "f(1); $x->g(2); H->new; B::k(3); push @a, 1;\n",
        "import A::B, import parent, type P, import C::D, import e.pl, call f, call g, type H, "
        "call new, call B::k, call push",
    ),
    (
        "a.R",
        "library(dplyr)\nsource('b.R')\nf(1)\na::g(2)\nx$h(3)\nx |> k()\n",
        "call library, import dplyr, call source, import b.R, call f, import a, call g, call h, "
        "call k",
    ),
    (
        "a.jl",
        'using A, B.C\nimport D: e\ninclude("f.jl")\nf(x::T) = g(x)\nstruct S <: Q end\n'
        "function h(y::Vector{U})::R\n    A.k(y)\n    @m y\n    n.(y)\nend\n",
        "import A, import B.C, import D, call include, import f.jl, type T, call g, type Q, "
        "type Vector, type U, type R, call k, call m, call n",
    ),
    (
        "a.dart",
        "import 'a.dart';\nexport 'package:b/c.dart';\nclass A extends B<C> with D {\n"
        "  F x = g(1);\n  void h(I j) { k(2); j.l(3); new M(); j?.n(4); }\n}\n",
        "import a.dart, import package:b/c.dart, type B, type C, type D, type F, call g, type I, "
        "call k, call l, call M, type M, call n",
    ),
    (
        "a.ex",
        'defmodule A do\n  use B\n  alias C.{D, E}\n  @doc "x"\n  def f(x) when x > 1 do\n'
        "    g(x)\n    J.k(1)\n    x |> l()\n    %M{a: 1}\n  end\nend\n",
        "import B, import C.{D, E}, call g, type J, call k, call l, type M",
    ),
    (
        "a.zig",
        'const std = @import("std");\nconst A = struct { b: B };\n'
        "fn f(x: T, y: *const C) !R {\n    g(1);\n    x.h(2);\n    var z: []D = undefined;\n}\n",
        "import std, type B, type T, type C, type R, call g, call h, type D",
    ),
    (
        "a.m",
        '#import <A/B.h>\n#import "c.h"\n@import D;\n@interface E : F\n- (G *)h:(J *)j;\n@end\n'
        "@implementation E\n- (void)k { [self l:1]; [[M alloc] n]; o(2); }\n@end\n",
        "import A/B.h, import c.h, import D, type F, type G, type J, call l, type M, call alloc, "
        "call n, call o",
    ),
    (
        "a.erl",
        '-module(a).\n-behaviour(gen_server).\n-include("b.hrl").\n-import(lists, [map/2]).\n'
        "-spec f(t()) -> ok | u().\n"
        "f(X) -> g(X), io:format(X), ?LOG(X), #state{a = h}.\n",
        "import gen_server, import b.hrl, import lists, type t, type u, call g, import io, "
        "call format, call LOG, type state",
    ),
    (
        "A.hs",
        "module A where\nimport qualified Data.Map as M\nimport B (c)\n"
        "f :: Order -> Maybe Int\nf x = M.lookup (g x) d `orElse` e\n"
        "main = print . h $ Circle 1\n",
        "import Data.Map, import B, type Order, type Maybe, type Int, call lookup, call g, "
        "call orElse, call print, call h, call Circle",
    ),
    (
        "a.ml",
        "open Base\ninclude Shape\nlet f (x : Cart.t) : order =\n  g x |> List.map\n"
        "let () = h (Result.Ok 1); p#draw 2\n",
        "import Base, import Shape, import Cart, type t, type order, call g, import List, "
        "call map, call h, import Result, call draw",
    ),
    (
        "a.mli",
        "open Base\nval f : int -> (string, Err.t) result\nmodule M : S\n",
        "import Base, type int, type string, import Err, type t, type result, type S",
    ),
    (
        "a.clj",
        '(ns a.b\n  "Doc."\n  (:require [c.d :as d] e.f)\n  (:import (java.util Date)))\n'
        "(defn g [x]\n  (let [y (d/h x)]\n    (k y)))\n(defrecord R [a]\n  P\n  (m [_] (n a)))\n",
        "import c.d, import e.f, import java.util, call h, call k, type P, call n",
    ),
    (
        "a.sql",
        "CREATE TABLE a (b INT REFERENCES c (id));\n"
        "SELECT f(x) FROM d JOIN s.e ON d.i = e.i;\nINSERT INTO g (x) VALUES (1);\n"
        "ALTER TABLE h ADD COLUMN i INT;\nCREATE INDEX j ON k (l);\n",
        "type c, call f, type d, type s.e, type g, type h, type k",
    ),
    (
        "a.tf",
        'module "m" {\n  source = "./m"\n  zones  = length(var.zones)\n}\n'
        'resource "x" "y" {\n  a = x.z.id\n  b = data.ami.d.id\n  c = "n-${local.e}"\n}\n',
        "import ./m, call length, type zones, type z, type d, type e",
    ),
    (
        "a.proto",
        'import "b.proto";\nmessage A { c.D d = 1; map<string, E> e = 2; }\n'
        "service S { rpc F (A) returns (stream G); }\n",
        "import b.proto, type c.D, type E, type A, type G",
    ),
    (
        "a.graphql",
        "type A implements B @key { c(d: E): [F!]! }\nunion G = A | H\n"
        "query Q($i: ID!) { a(i: $i) { ...P } }\n",
        "type B, call key, type E, type F, type A, type H, type ID, call P",
    ),
]


@pytest.mark.parametrize(("path", "source", "expected"), CASES, ids=[c[0] for c in CASES])
def test_what_a_file_uses_is_found_in_its_order(path: str, source: str, expected: str) -> None:
    if package := missing_grammar(path):
        pytest.skip(f"needs {package}")
    found = references(path, source.encode())
    assert ", ".join(f"{r.kind} {r.name}" for r in found) == expected


def test_what_a_clause_defines_is_no_call_of_it() -> None:
    if package := missing_grammar("a.ex"):
        pytest.skip(f"needs {package}")
    names = [r.name for r in references("a.ex", b"def f(x), do: x\ndefp g(y), do: f(y)\n")]
    assert names == ["f"]
