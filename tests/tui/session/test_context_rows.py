"""The context as a tree."""

from __future__ import annotations

from copilot.assist.session.protocol import ContextFile
from copilot.context.model import Detail
from copilot.tui.session.budget import shares
from copilot.tui.session.context_rows import opened_at_first, rows_of, tree_of


def file(name: str, tokens: int = 1) -> ContextFile:
    return ContextFile(name, tokens, Detail.FULL)


FILES = [file("app/src/b.py", 2), file("app/src/deep/er/a.py", 4), file("app/z.md", 8)]


def test_folders_sum_up_and_single_ones_are_joined() -> None:
    root = tree_of(FILES)
    rows = [
        (row.key, row.shown, row.depth, row.tokens) for row in rows_of(root, opened_at_first(root))
    ]
    assert rows == [
        ("app/", "app/", 0, 14),
        ("app/src/", "src/", 1, 6),
        ("app/src/deep/er/", "deep/er/", 2, 4),
        ("app/src/deep/er/a.py", "a.py", 3, 4),
        ("app/src/b.py", "b.py", 2, 2),
        ("app/z.md", "z.md", 1, 8),
    ]


def test_closed_folders_hide_what_is_below() -> None:
    assert [row.key for row in rows_of(tree_of(FILES), {"app/"})] == [
        "app/",
        "app/src/",
        "app/z.md",
    ]
    assert [row.key for row in rows_of(tree_of(FILES), ())] == ["app/"]


def test_filter_keeps_what_holds_all_words_and_opens_it() -> None:
    rows = rows_of(tree_of(FILES, "SRC er"), (), all_open=True)
    assert [row.key for row in rows] == ["app/src/deep/er/", "app/src/deep/er/a.py"]


def test_many_files_begin_closed_but_for_the_one_root() -> None:
    root = tree_of([file(f"app/{n}/x{m}.py") for n in range(40) for m in range(2)])
    assert opened_at_first(root) == {"app/"}
    both = tree_of([file(f"{r}/{n}/x.py") for r in ("a", "b") for n in range(40)])
    assert opened_at_first(both) == set()


def test_harmful_names_are_shown_as_escapes_but_wished_for_as_they_are() -> None:
    (row,) = rows_of(tree_of([file("a\x1b[2J.py")]), ())
    assert (row.key, row.shown) == ("a\x1b[2J.py", "a\\x1b[2J.py")


def test_bar_gives_every_amount_a_column_and_uses_them_all() -> None:
    assert shares((1, 1, 0, 98), 10) == (1, 1, 0, 8)
    assert sum(shares((5200, 900, 640, 9300), 41)) == 41
    assert shares((0, 0, 0, 0), 40) == (0, 0, 0, 0)
