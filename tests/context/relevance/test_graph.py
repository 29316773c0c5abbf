from __future__ import annotations

import math
import os
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
import rustworkx
from hypothesis import given
from hypothesis import strategies as st

from copilot.cache import Cache
from copilot.context.relevance.graph import Graph, centrality, near, reference_graph
from copilot.structure.grammars import missing_grammar
from copilot.structure.names import FileSymbols
from copilot.structure.symbols import SymbolReader
from copilot.workspace.model import SourceFile

PYTHON = {
    "shop/__init__.py": "",
    "shop/models.py": "class Order:\n    def pay_now(self): ...\nclass Base: ...\n",
    "shop/views.py": "from .models import Order\n\ndef show():\n    return Order().pay_now()\n",
    "tests/test_views.py": "from shop.views import show\n\ndef test_show():\n    assert show()\n",
    "shop/other.py": "def unrelated(): ...\n",
}
JAVASCRIPT = {
    "src/api.ts": "export class Client { fetchAll(): Item[] { return []; } }\n",
    "src/item.d.ts": "export interface Item { name: string }\n",
    "src/list.tsx": "import { Client } from './api';\nconst a = new Client().fetchAll();\n",
    "src/app.js": "import './list';\n",
}
GO = {
    "main.go": 'package main\nimport "example.com/app/store"\nfunc main() { store.Open() }\n',
    "store/open.go": "package store\nfunc Open() *Handle { return newHandle() }\n",
    "store/handle.go": "package store\ntype Handle struct{}\nfunc newHandle() *Handle {}\n",
    "other/handle.go": "package other\nfunc newHandle() int { return 1 }\n",
}
RUST = {
    "src/main.rs": "mod config;\nfn main() { config::read_all(); }\n",
    "src/config.rs": "use crate::parse::Parser;\npub fn read_all() { Parser::start_now(); }\n",
    "src/parse.rs": "pub struct Parser;\nimpl Parser { pub fn start_now() {} }\n",
}


def _symbols(files: Mapping[str, str], alias: str = "app") -> dict[str, FileSymbols]:
    sources = [SourceFile(alias, path, None, "", text.encode()) for path, text in files.items()]
    for path in files:
        if package := missing_grammar(path):
            pytest.skip(f"needs {package}")
    with SymbolReader(Cache(), 1) as reader:
        reader.add(sources)
        return reader.all()


def _graph(files: Mapping[str, str]) -> Graph:
    return reference_graph(_symbols(files), Cache())


def _edges(graph: Graph) -> set[tuple[str, str]]:
    return {
        (graph.names[by].partition("/")[2], graph.names[to].partition("/")[2])
        for by, to, _ in graph.edges
    }


def _weight(graph: Graph, user: str, definer: str) -> float:
    by, to = (graph.names.index(f"app/{path}") for path in (user, definer))
    return next((weight for one, two, weight in graph.edges if (one, two) == (by, to)), 0.0)


def test_files_lead_to_what_they_use_in_python() -> None:
    assert _edges(_graph(PYTHON)) == {
        ("shop/views.py", "shop/models.py"),
        ("tests/test_views.py", "shop/views.py"),
    }


def test_files_lead_to_what_they_use_in_the_languages_of_the_web() -> None:
    assert _edges(_graph(JAVASCRIPT)) == {
        ("src/api.ts", "src/item.d.ts"),
        ("src/list.tsx", "src/api.ts"),
        ("src/app.js", "src/list.tsx"),
    }


def test_files_of_a_go_package_see_each_other_before_all_others() -> None:
    graph = _graph(GO)
    assert _edges(graph) == {
        ("main.go", "store/open.go"),
        ("main.go", "store/handle.go"),
        ("store/open.go", "store/handle.go"),
    }
    assert _weight(graph, "main.go", "store/open.go") > _weight(graph, "main.go", "store/handle.go")


def test_files_lead_to_what_they_use_in_rust() -> None:
    assert _edges(_graph(RUST)) == {
        ("src/main.rs", "src/config.rs"),
        ("src/config.rs", "src/parse.rs"),
    }


def test_names_mean_nothing_in_another_language() -> None:
    files = {"a.py": "def start_all(): ...\n", "b.js": "start_all();\n", "c.py": "start_all()\n"}
    assert _edges(_graph(files)) == {("c.py", "a.py")}


def test_short_names_and_names_of_many_files_mean_nothing() -> None:
    many = {f"many{n}.py": "def setup(): ...\n" for n in range(11)}
    few = {f"few{n}.py": "def prepare(): ...\n" for n in range(3)}
    files = {**many, **few, "short.py": "def go(): ...\n", "use.py": "setup()\nprepare()\ngo()\n"}
    assert _edges(_graph(files)) == {("use.py", path) for path in few}


def test_what_a_file_defines_itself_it_does_not_look_for() -> None:
    files = {"a.py": "def helper(): ...\n", "b.py": "def helper(): ...\nhelper()\n"}
    assert _edges(_graph(files)) == set()


def test_an_import_tells_which_definer_is_meant() -> None:
    files = {
        "a/__init__.py": "",
        "a/x.py": "def helper(): ...\n",
        "b/__init__.py": "",
        "b/y.py": "def helper(): ...\n",
        "use.py": "from b.y import helper\nhelper()\n",
        "all.py": "import a\na.helper()\n",
    }
    edges = _edges(_graph(files))
    assert {("use.py", "b/y.py"), ("all.py", "a/__init__.py"), ("all.py", "a/x.py")} == edges


def test_rare_names_and_many_uses_weigh_more() -> None:
    files = {
        "rare.py": "def only_here(): ...\n",
        "one.py": "def twice(): ...\n",
        "two.py": "def twice(): ...\n",
        "use.py": "only_here()\ntwice()\n",
        "often.py": "only_here()\n" * 4,
    }
    graph = _graph(files)
    assert _weight(graph, "use.py", "rare.py") < _weight(graph, "often.py", "rare.py")
    assert _weight(graph, "use.py", "one.py") == _weight(graph, "use.py", "two.py") == 0.5


def test_definers_of_the_same_repository_go_first() -> None:
    one = {"a.py": "def helper(): ...\n", "use.py": "helper()\n"}
    symbols = {**_symbols(one, "one"), **_symbols({"a.py": "def helper(): ...\n"}, "two")}
    other = {**symbols, **_symbols({"use.py": "helper()\n"}, "three")}
    graph = reference_graph(other, Cache())
    found = {(graph.names[by], graph.names[to]) for by, to, _ in graph.edges}
    assert found == {
        ("one/use.py", "one/a.py"),
        ("three/use.py", "one/a.py"),
        ("three/use.py", "two/a.py"),
    }


def test_what_much_rests_on_is_central() -> None:
    signal = centrality(_graph(PYTHON))
    assert signal.name == "centrality"
    assert signal.scores["app/shop/models.py"] == 1.0
    assert 0 < signal.scores["app/shop/views.py"] < 1
    assert "app/shop/other.py" not in signal.scores


def test_near_a_seed_are_those_it_uses_and_those_that_use_it() -> None:
    signal = near(_graph(PYTHON), {"app/shop/views.py": 0.5, "app/not/there.py": 1.0})
    assert set(signal.scores) == {
        "app/shop/models.py",
        "app/shop/views.py",
        "app/tests/test_views.py",
    }
    assert signal.why["app/shop/models.py"] == "used by app/shop/views.py"
    assert signal.why["app/tests/test_views.py"] == "uses app/shop/views.py"


def test_near_nothing_is_nothing() -> None:
    graph = _graph(PYTHON)
    assert near(graph, {}).scores == {}
    assert near(graph, {"app/shop/other.py": 1.0}).scores == {}
    empty = Graph(())
    assert (centrality(empty).scores, near(empty, {"a/b": 1.0}).scores) == ({}, {})


def test_of_many_seeds_the_best_count() -> None:
    names = tuple(f"a/{place:02}" for place in range(40))
    graph = Graph.of(names, tuple((place, place + 20, 1.0) for place in range(20)))
    seeds = {name: 1 - place / 100 for place, name in enumerate(names[:20])}
    assert set(near(graph, seeds).scores) == {*names[:10], *names[20:30]}


def test_the_ranks_are_those_of_the_plain_computation() -> None:
    graph = Graph.of(
        ("a/1", "a/2", "a/3", "a/4"), ((0, 1, 1.0), (0, 2, 3.0), (1, 2, 0.5), (2, 0, 1.0))
    )
    damping, count = 0.6, len(graph.names)
    ranks = [1 / count] * count
    for _ in range(200):
        # The last file uses nothing: what it would hand on is shared by all.
        incoming = [damping * ranks[3] / count] * count
        for by, to, weight in graph.edges:
            whole = sum(w for one, _, w in graph.edges if one == by)
            incoming[to] += damping * ranks[by] * weight / whole
        ranks = [(1 - damping) / count + one for one in incoming]
    base = (1 - damping + damping * ranks[3]) / count
    gained = [rank - base for rank in ranks]
    expected = {
        name: pytest.approx(math.sqrt(one / max(gained)), abs=2e-6)
        for name, one in zip(graph.names, gained, strict=True)
        if one > 1e-9
    }
    assert centrality(graph).scores == expected


def test_the_ranks_are_those_of_a_library() -> None:
    count, damping = 60, 0.6
    draw = random.Random(7)  # noqa: S311
    pairs = sorted({(draw.randrange(count - 5), draw.randrange(count)) for _ in range(300)})
    edges = tuple((by, to, draw.uniform(0.1, 3)) for by, to in pairs if by != to)
    library = rustworkx.PyDiGraph()
    library.add_nodes_from(range(count))
    library.add_edges_from(edges)
    ranks = rustworkx.pagerank(library, alpha=damping, weight_fn=float, tol=1e-13, max_iter=1000)
    lost = sum(ranks[one] for one in range(count) if library.out_degree(one) == 0)
    base = (1 - damping + damping * lost) / count
    gained = [ranks[one] - base for one in range(count)]
    found = centrality(Graph.of(tuple(f"a/{one:02}" for one in range(count)), edges)).scores
    for one, rank in enumerate(gained):
        expected = math.sqrt(max(rank, 0) / max(gained)) if rank > 1e-9 else 0.0
        assert found.get(f"a/{one:02}", 0.0) == pytest.approx(expected, abs=2e-6)


def test_a_graph_is_kept_by_what_the_files_hold(tmp_path: Path) -> None:
    symbols = _symbols(PYTHON)
    changed = {**PYTHON, "shop/other.py": "from .models import Base\n\nclass Other(Base): ...\n"}
    with Cache(tmp_path / "facts.sqlite3") as cache:
        made = reference_graph(symbols, cache)
        kept = reference_graph(dict(reversed(symbols.items())), cache)
        assert kept == made
        assert _edges(reference_graph(_symbols(changed), cache)) - _edges(made) == {
            ("shop/other.py", "shop/models.py")
        }


def test_a_name_that_is_no_text_has_its_place(tmp_path: Path) -> None:
    files = {"a.py": "def helper(): ...\n", os.fsdecode(b"\xff.py"): "helper()\n"}
    with Cache(tmp_path / "facts.sqlite3") as cache:
        made = reference_graph(_symbols(files), cache)
        assert _edges(made) == {(os.fsdecode(b"\xff.py"), "a.py")}
        assert reference_graph(_symbols(files), cache) == made


_PLACES = st.integers(0, 7)
_EDGES = st.dictionaries(st.tuples(_PLACES, _PLACES), st.floats(1e-6, 1e3), max_size=30)


@given(_EDGES, st.dictionaries(_PLACES, st.floats(1e-6, 1.0)))
def test_scores_are_between_0_and_1_and_the_best_is_1(
    edges: dict[tuple[int, int], float], wanted: dict[int, float]
) -> None:
    names = tuple(f"a/{place}" for place in range(8))
    graph = Graph.of(names, tuple((*pair, edges[pair]) for pair in sorted(edges)))
    seeds = {names[place]: score for place, score in wanted.items()}
    for signal in (centrality(graph), near(graph, seeds)):
        assert all(0 < score <= 1 for score in signal.scores.values())
        assert max(signal.scores.values(), default=1.0) == 1.0
    assert near(graph, dict(reversed(seeds.items()))) == near(graph, seeds)
