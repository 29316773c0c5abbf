"""What grammars of paths admit is free, safe and read as the same path."""

from __future__ import annotations

import random
from collections.abc import Collection

from hypothesis import assume, given
from hypothesis import strategies as st

from copilot.edits.grammar import Wholes, edit_grammar, path_grammar
from copilot.edits.grammar_paths import MOST_CHARACTERS, MOST_NEW, NewPaths
from copilot.edits.grammar_rules import Rules
from copilot.edits.operations import Target
from copilot.edits.path_lines import path_in
from copilot.edits.paths import qualify
from tests.edits.gbnf import PICKS, Gbnf

_NAME = st.text(alphabet="aAb.git/ é-~", min_size=1, max_size=8)


def _side_by_side(names: list[str]) -> list[str]:
    """Leave out names below other files: no disk holds both."""
    folded = [name.casefold() for name in names]
    return [n for n in names if not any(n.casefold().startswith(f"{one}/") for one in folded)]


_NAMES = st.lists(
    _NAME.filter(lambda name: isinstance(qualify(f"main/{name}", ["main"]), Target)), max_size=6
).map(_side_by_side)


def _new_paths(names: Collection[str]) -> Gbnf:
    rules = Rules()
    made = NewPaths(("main",), [f"main/{name}" for name in names]).add(rules)
    rules.add("root", made["main"])
    return Gbnf(rules.text())


def _is_free(path: str, names: Collection[str]) -> bool:
    """Tell whether a path is neither a file that is there, nor a folder, nor below a file."""
    folded = path.casefold()
    others = [name.casefold() for name in names]
    return not any(
        folded == other or folded.startswith(f"{other}/") or other.startswith(f"{folded}/")
        for other in others
    )


@given(_NAMES, PICKS)
def test_every_new_path_that_is_admitted_is_free_and_safe(
    names: list[str], pick: random.Random
) -> None:
    name = _new_paths(names).derive(pick).removesuffix("\n")
    assert path_in(name) == name
    assert qualify(name, ["main"]) == Target("main", name.removeprefix("main/"))
    assert _is_free(name.removeprefix("main/"), names)


@given(
    _NAMES, st.from_regex(r"([a-z0-9_][a-z0-9_-]*/){0,2}[.]?[a-z][a-z_]*([.]py)?", fullmatch=True)
)
def test_every_usual_path_that_is_free_is_admitted(names: list[str], path: str) -> None:
    assume(len(path) <= MOST_NEW)
    is_free = _is_free(path, names) and "/.git/" not in f"/{path}/"
    assert _new_paths(names).admits(f"main/{path}\n") == is_free


def test_a_path_does_not_go_on_without_end() -> None:
    shared = "a" * 100
    names = _new_paths([f"{shared}b"])
    for new in ("c" * MOST_NEW, "c." * (MOST_NEW // 2 - 1) + "cc", "/c" * (MOST_NEW // 2)):
        assert names.admits(f"main/{shared}{new}\n")
        assert not names.admits(f"main/{shared}{new}c\n")


def test_a_path_may_not_be_read_as_a_file_in_a_folder_of_the_repositorys_name() -> None:
    assert not _new_paths(["main/a.py"]).admits("main/a.py\n")
    assert _new_paths(["main/a.py"]).admits("main/b.py\n")


def test_rules_for_paths_are_small_and_the_same_each_time() -> None:
    names = [f"package/module{number}/tests/test_{number % 7}.py" for number in range(1_000)]
    orders = [
        NewPaths(("main",), [f"main/{name}" for name in order]) for order in (names, names[::-1])
    ]
    moved = Wholes(renamed=(f"main/{names[0]}",))
    texts = [edit_grammar({}, 7, paths, moved) for paths in orders]
    assert texts[0] == texts[1]
    assert len(texts[0] or "") < 3 * sum(map(len, names))


def test_of_too_many_names_none_is_told_apart() -> None:
    names = [f"{number:010}" for number in range(MOST_CHARACTERS // 10 + 1)]
    assert _new_paths(names).admits(f"main/{names[0]}\n")


def test_an_empty_repository_can_be_begun() -> None:
    made = path_grammar([], NewPaths(("main",)))
    assert made is not None
    assert Gbnf(made).admits("CREATE main/a.py\nEND OF FILES: 1 file\n")


def test_the_list_of_files_names_only_those_that_exist_or_are_new() -> None:
    names = ["main/a.py", "main/a.pyi", "lib/b"]
    made = path_grammar(names, NewPaths(("main", "lib"), names))
    assert made is not None
    assert Gbnf(made).admits("main/a.py\nlib/b\nCREATE main/x/y.z\nEND OF FILES: 3 files\n")
    assert Gbnf(made).admits("DELETE lib/b\nRENAME main/a.py\nEND OF FILES: 2 files\n")
    assert Gbnf(made).admits("main/a.pyi\nEND OF FILES: 1 file\n")
    assert not Gbnf(made).admits("END OF FILES: 0 files\n")
    wrongs = ("main/c", "CREATE other/x", "DELETE lib/c", "RENAME main/x", "a.py", "CREATE main/")
    for wrong in (*wrongs, "CREATE main/a.py", "CREATE lib/B"):
        assert not Gbnf(made).admits(f"{wrong}\nEND OF FILES: 1 file\n")
