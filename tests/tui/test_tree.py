"""The files under review as a tree."""

from __future__ import annotations

import pytest

from copilot.edits.changes import EXECUTABLE_MODE, PLAIN_MODE, FileChange
from copilot.tui.tree import kind_letters, rows_of


def change(path: str, repository: str = "app") -> FileChange:
    return FileChange(repository, path, b"a\n", b"b\n")


def shown(paths: list[str], *, closed: tuple[str, ...] = (), wanted: str = "") -> list[str]:
    rows = rows_of([change(path) for path in paths], closed, wanted)
    return [f"{'  ' * row.depth}{row.name} {list(row.files)}" for row in rows]


def test_folders_hold_their_files_in_the_order_of_the_review() -> None:
    assert shown(["src/b.py", "README", "src/a/x.py", "src/a/y.py"]) == [
        "src/ [0, 2, 3]",
        "  b.py [0]",
        "  a/ [2, 3]",
        "    x.py [2]",
        "    y.py [3]",
        "README [1]",
    ]


def test_chains_of_single_folders_are_one_row() -> None:
    assert shown(["a/b/c/x.py", "a/b/c/y.py"]) == ["a/b/c/ [0, 1]", "  x.py [0]", "  y.py [1]"]


def test_several_repositories_stand_at_the_top() -> None:
    rows = rows_of([change("src/a.py", "web"), change("src/a.py", "lib"), change("b", "lib")])
    assert [(row.depth, row.name) for row in rows] == [
        (0, "web/src/"), (1, "a.py"), (0, "lib/"), (1, "src/"), (2, "a.py"), (1, "b"),
    ]  # fmt: skip


def test_closed_folder_shows_no_files_unless_they_are_searched_for() -> None:
    paths = ["src/a.py", "docs/b.md"]
    assert shown(paths, closed=("src/",)) == ["src/ [0]", "docs/ [1]", "  b.md [1]"]
    assert shown(paths, closed=("src/",), wanted="A.P") == ["src/ [0]", "  a.py [0]"]
    assert shown(paths, wanted="src md") == []


def test_file_that_was_a_folder_stands_beside_it() -> None:
    assert shown(["a", "a/b"]) == ["a [0]", "a/ [1]", "  b [1]"]


def test_names_are_harmless() -> None:
    assert shown(["a\x1b[2J\n/b"]) == ["a\\x1b[2J\\n/ [0]", "  b [0]"]


@pytest.mark.parametrize(
    ("made", "letters"),
    [
        (FileChange("r", "a", b"x", b"y"), ""),
        (FileChange("r", "a", None, b"y"), "A"),
        (FileChange("r", "a", None, b"y", mode=EXECUTABLE_MODE), "A +x"),
        (FileChange("r", "a", b"x", None, old_mode=EXECUTABLE_MODE), "D"),
        (FileChange("r", "a", b"x", b"x", "old"), "R"),
        (FileChange("r", "a", b"x", b"x", None, PLAIN_MODE, EXECUTABLE_MODE), "+x"),
        (FileChange("r", "a", b"x", b"x", None, EXECUTABLE_MODE, PLAIN_MODE), "-x"),
    ],
)
def test_letters_say_what_happens_to_a_file(made: FileChange, letters: str) -> None:
    assert kind_letters(made) == letters


def test_path_of_thousands_of_folders_is_a_name() -> None:
    rows = rows_of([change("a/" * 2000 + "x"), change("a/y")])
    assert len(rows) == 4
    assert all(row.depth < 70 for row in rows)


def test_tree_of_thousands_of_files() -> None:
    changes = [change(f"a{n % 40}/b{n % 7}/c{n}.py") for n in range(2000)]
    rows = rows_of(changes)
    assert sum(row.is_file for row in rows) == 2000
    assert rows[0].files == tuple(range(0, 2000, 40))
