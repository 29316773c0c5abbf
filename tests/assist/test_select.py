from __future__ import annotations

import pytest

from copilot.assist.select import named_files
from copilot.errors import ReplyIncomplete

NAMES = ("app/src/a.py", "app/src/b.py", "app/README.md")


def test_files_come_in_the_models_order_and_once() -> None:
    reply = "app/src/b.py\napp/src/a.py\napp/src/b.py\n\nEND OF FILES: 2 files\n"
    assert named_files(reply, NAMES).files == ("app/src/b.py", "app/src/a.py")


@pytest.mark.parametrize(
    "line",
    [
        "- app/src/a.py",
        "1. app/src/a.py",
        "* `app/src/a.py`",
        ' "app/src/a.py" ',
        "12) app/src/a.py",
    ],
)
def test_lists_of_all_kinds_are_read(line: str) -> None:
    assert named_files(f"{line}\nEND OF FILES: 1 file", NAMES).files == ("app/src/a.py",)


def test_names_that_no_file_has_are_told() -> None:
    lines = ["app/src/a.py", "app/src/zzz.py", "/etc/passwd", "The rest does not matter."]
    reply = "\n".join([*lines, "END OF FILES: 2 files"])
    named = named_files(reply, NAMES)
    assert named.files == ("app/src/a.py",)
    assert named.unknown == ("app/src/zzz.py", "/etc/passwd")


def test_what_was_thought_does_not_count() -> None:
    reply = "<think>app/README.md\nEND OF FILES: 1 file</think>\napp/src/a.py\nEND OF FILES: 1 file"
    assert named_files(reply, NAMES).files == ("app/src/a.py",)


@pytest.mark.parametrize("reply", ["", "app/src/a.py\napp/src/b", "none\nEND OF FILES: 0 files"])
def test_a_reply_that_was_cut_or_names_nothing_is_refused(reply: str) -> None:
    with pytest.raises(ReplyIncomplete) as refused:
        named_files(reply, NAMES)
    assert refused.value.partial == reply
