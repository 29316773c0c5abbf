"""What a task's words say of files to make, to move and to delete."""

from __future__ import annotations

import pytest

from copilot.assist.named_wholes import named_wholes
from copilot.edits.grammar import Wholes
from copilot.edits.grammar_paths import NewPaths

NAMES = ("shop/README.md", "shop/shop/basket.py", "shop/shop/prices.py", "shop/old.py")
KNOWN = NewPaths(("shop",), NAMES)


def _found(task: str) -> Wholes:
    return named_wholes(task, NAMES, KNOWN, lambda name: name not in NAMES)


@pytest.mark.parametrize(
    "task",
    [
        "with_discount in shop/prices.py must round up.",
        "Rename with_discount to discounted, in shop/prices.py and in shop/basket.py.",
        "Remove the function shown from prices.py",
        "In `old.py`: 3/4 of the lines are too long",
        "Round up with math.ceil, e.g. 1.5 and/or old.total, in v1.2 (I/O)",
        "",
    ],
)
def test_a_file_that_is_named_may_only_be_edited(task: str) -> None:
    found = _found(task)
    assert found == Wholes()


@pytest.mark.parametrize(
    "task",
    [
        "Delete old.py, please.",
        "delete the old module `old.py`",
        "Please remove shop/old.py.",
        "Make it faster, and remove the file shop/old.py; keep README.md",
    ],
)
def test_what_stands_behind_the_word_for_it_may_be_deleted(task: str) -> None:
    assert _found(task).deleted == ("shop/old.py",)


def test_several_may_be_deleted() -> None:
    found = _found("Delete old.py and shop/prices.py, which basket.py does not need.")
    assert found.deleted == ("shop/shop/prices.py", "shop/old.py")


def test_what_is_named_beside_a_free_path_may_be_moved() -> None:
    found = _found("Move shop/prices.py to shop/money/all.py")
    assert found.renamed == ("shop/shop/prices.py",)
    assert found.created == ("shop/shop/money/all.py",)
    assert found.deleted == ()


def test_what_is_named_beside_a_folder_may_be_moved() -> None:
    assert _found("Move README.md into docs/").renamed == ("shop/README.md",)


def test_a_root_may_be_called_as_one_of_its_folders() -> None:
    assert _found("Write shop/taxes.py beside shop/prices.py").created == ("shop/shop/taxes.py",)
    assert _found("Write taxes.py").created == ("shop/taxes.py",)
    there = NewPaths(("app",), ("app/a.py",))
    assert named_wholes("Write app/taxes.py", (), there, lambda _: True).created == (
        "app/taxes.py",
    )
