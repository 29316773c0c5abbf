from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.message import is_empty, is_signed_off, wants_message, with_message

GITS = "\n# Please enter the commit message for your changes. Lines starting\n# with '#' …\n#\n"
SCISSORS = "# ------------------------ >8 ------------------------\n"


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("", "#", True),
        ("\n \t\n", "#", True),
        (GITS, "#", True),
        (GITS, "", True),
        (GITS, ";", False),
        ("\n; a comment\n", ";", True),
        ("\n// a comment\n", "//", True),
        ("a subject\n" + GITS, "#", False),
        ("  # indented is no comment\n", "#", False),
        (GITS + SCISSORS + "diff --git a/a b/a\n+added\n", "#", True),
        (SCISSORS + "diff --git a/a b/a\n", "#", True),
        ("a subject\n" + SCISSORS, "#", False),
        (GITS + " >8 \nno scissors\n", "#", False),
        ("\n\nSigned-off-by: Ada <ada@localhost>\n" + GITS, "#", True),
        ("\n\nReviewed-by: Ada <ada@localhost>\n" + GITS, "#", False),
    ],
)
def test_only_an_empty_message_is_wanted(text: str, mark: str, expected: bool) -> None:
    assert is_empty(text, mark) is expected
    assert wants_message("", text, mark) is expected


@pytest.mark.parametrize("source", ["message", "template", "merge", "squash", "commit"])
def test_a_message_that_comes_from_somewhere_is_left_alone(source: str) -> None:
    assert not wants_message(source, GITS, "#")


def test_a_message_stands_above_what_the_file_holds() -> None:
    assert with_message(GITS, "a\n\nb\n", "#") == "a\n\nb\n" + GITS
    assert with_message("", "a\n", "#") == "a\n"
    assert with_message("# c\n", "a\n", "#") == "a\n\n# c\n"


def test_a_line_that_git_would_drop_is_moved() -> None:
    assert (
        with_message("\n# c\n", "a\n\n#12 is why\n; b\n", "#") == "a\n\n #12 is why\n; b\n\n# c\n"
    )


def test_a_sign_off_in_the_file_is_seen() -> None:
    assert is_signed_off("\nSigned-off-by: A <a@b>\n" + GITS, "#")
    assert not is_signed_off(GITS + SCISSORS + "Signed-off-by: A <a@b>\n", "#")


def test_git_commits_what_was_filled_in(
    make_repository: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    """With `--verbose` and a sign-off, git's file holds a diff and a trailer already."""
    root = make_repository({"a.txt": "a\n"})
    (root / "a.txt").write_text("b\n")
    script = tmp_path / "fill_in.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from copilot.assist.message import wants_message, with_message\n"
        "file = Path(sys.argv[1])\n"
        "text = file.read_text()\n"
        "assert wants_message('', text, '#')\n"
        "assert 'diff --git' in text\n"
        "file.write_text(with_message(text, 'subject\\n\\n# of the body\\n', '#'))\n"
    )
    editor = f"core.editor={sys.executable} {script}"
    git(root, "-c", editor, "commit", "--quiet", "--all", "--verbose", "--signoff")
    said = git(root, "log", "-1", "--format=%B")
    assert said == "subject\n\n # of the body\n\nSigned-off-by: Test <test@localhost>\n\n"
