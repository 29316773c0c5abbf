"""What changes on disk while it is under review is placed again, or named."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from copilot.edits.changes import DiffLine
from copilot.edits.flags import FlagKind
from copilot.errors import EditsRefused
from copilot.review.state import (
    Decision,
    Place,
    decide,
    decide_all,
    with_comment,
    with_edited_hunk,
)
from tests.cli.reviewing.begun import LINES, PATH, Asked, Begin, Copilot, Model, Words, texts

# The disk


def test_a_change_on_disk_is_seen_and_the_review_placed_again(
    begin: Begin, model: Model, shout: Words
) -> None:
    begun = begin(model(shout(3, 15)))
    review = decide(begun.review, Place(0, 1), Decision.ACCEPTED)
    review = with_comment(review, Place(0, 1), 0, 1, "good")
    assert begun.outside.changed_on_disk(review) == ()
    now = "first\n" + LINES.replace("line 9\n", "")
    (begun.root / "a.txt").write_text(now)
    assert begun.outside.changed_on_disk(review) == (0,)
    again = begun.outside.placed_again(review)
    assert begun.outside.changed_on_disk(again) == ()
    (file,) = again.files
    assert file.hunk_decision(0) is Decision.UNDECIDED
    assert file.hunk_decision(1) is Decision.ACCEPTED
    assert [flag.kind for flag in file.flags] == [FlagKind.STALE]
    (comment,) = again.comments
    assert (comment.text, comment.old, comment.new) == ("good", range(14, 15), range(14, 15))
    begun.write(again)
    assert begun.text == now.replace("line 15\n", "LINE 15\n")


def test_what_has_no_place_any_more_is_named(begin: Begin, model: Model, shout: Words) -> None:
    begun = begin(model(shout(3)))
    (begun.root / "a.txt").write_text(LINES.replace("line 3\n", "three\n"))
    with pytest.raises(EditsRefused, match=r"app/a\.txt: line 3: its lines were changed"):
        begun.outside.placed_again(begun.review)


def test_what_is_rejected_may_change_as_it_likes(begin: Begin, model: Model, shout: Words) -> None:
    begun = begin(model(shout(3)))
    (begun.root / "a.txt").write_text("all new\n")
    review = decide_all(begun.review, Decision.REJECTED)
    assert begun.outside.changed_on_disk(review) == ()
    assert begun.outside.placed_again(review) is review
    assert begun.outside.changed_on_disk(decide_all(review, Decision.ACCEPTED)) == (0,)


def test_what_is_there_already_leaves_the_review(begin: Begin, model: Model, shout: Words) -> None:
    begun = begin(model(shout(3)))
    (begun.root / "a.txt").write_text(LINES.replace("line 3\n", "LINE 3\n"))
    assert begun.outside.placed_again(begun.review).files == ()


def test_an_edit_by_hand_is_kept_when_placed_again(
    begin: Begin, model: Model, shout: Words
) -> None:
    begun = begin(model(shout(3)))
    lines = (DiffLine("-", b"line 3\n"), DiffLine("+", b"by hand\n"))
    review = with_edited_hunk(begun.review, Place(0, 0), lines)
    (begun.root / "a.txt").write_text("first\n" + LINES)
    again = begun.outside.placed_again(review)
    assert again.files[0].is_edited
    assert texts(again) == [("first\n" + LINES.replace("line 3\n", "by hand\n")).encode()]


def test_a_file_that_appears_where_one_is_to_be_made_is_seen(
    begin: Begin, model: Model, reply: Words
) -> None:
    made = "app/new.txt\n<<<<<<< CREATE\none\n>>>>>>> END\n\n"
    begun = begin(model(reply(made)))
    assert begun.outside.changed_on_disk(begun.review) == ()
    (begun.root / "new.txt").write_text("two\n")
    assert begun.outside.changed_on_disk(begun.review) == (0,)
    with pytest.raises(EditsRefused, match="there is such a file"):
        begun.outside.placed_again(begun.review)


# The way back from the disk to the review


@contextmanager
def reviewing(root: Path, reply: str, answers: Callable[[int], bytes]) -> Iterator[list[str]]:
    """Review a reply line by line; `answers` gives the bytes for each question. Yield what is said.

    A question ends in `]? `.
    """
    file = root.parent / "reply.txt"
    file.write_text(reply)
    command = [sys.executable, "-m", "copilot", "apply", str(file), "--plain"]
    said: list[str] = []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=root, stdin=pipe, stderr=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stderr
        asked = 0
        while piece := os.read(process.stderr.fileno(), 65536):
            said.append(piece.decode())
            while "".join(said).count("]? ") > asked:
                process.stdin.write(answers(asked))
                process.stdin.flush()
                asked += 1
        process.stdin.close()
        said.append(str(process.wait(60)))
    yield said


def test_a_file_that_changes_under_the_review_is_reviewed_again(root: Path, shout: Words) -> None:
    now = "first\n" + LINES

    def answers(asked: int) -> bytes:
        if asked == 0:
            (root / "a.txt").write_text(now)
        return b"y\n"

    with reviewing(root, shout(3), answers) as said:
        text = "".join(said)
    assert "changed on disk during the review: app/a.txt" in text
    assert "placed again; nothing was written, look at it once more" in text
    assert "to be decided again: app/a.txt" in text
    assert text.count("]? ") == 2
    assert said[-1] == "0"
    assert (root / "a.txt").read_text() == now.replace("line 3\n", "LINE 3\n")


def test_a_change_that_has_no_place_any_more_can_be_given_up(root: Path, shout: Words) -> None:
    now = LINES.replace("line 3\n", "three\n")

    def answers(asked: int) -> bytes:
        (root / "a.txt").write_text(now)
        return b"y\n" if asked < 2 else b"n\n"

    with reviewing(root, shout(3), answers) as said:
        text = "".join(said)
    assert "line 3: its lines were changed" in text
    assert said[-1] == "1"
    assert (root / "a.txt").read_text() == now


def test_line_by_line_the_model_is_asked_again_on_the_same_prompt(
    copilot: Copilot,
    root: Path,
    model: Model,
    shout: Words,
    reply: Words,
    block: Words,
    asked: Asked,
) -> None:
    url = model(shout(3, 8, 15), reply(block(PATH, "line 8\n", "8\n")))
    answers = "y\nx stay quiet\nr\ny\nn\n"
    done = copilot("edit", "x", "--plain", "--base-url", url, cwd=root, stdin=answers)
    assert done.returncode == 1, done.stderr
    first, second = (question["messages"] for question in asked)
    assert second[:2] == first
    assert "The reviewer's reason: stay quiet" in second[-1]["content"]
    assert "proposal 2: 2 hunks to decide" in done.stderr
    shouted = LINES.replace("line 3\n", "LINE 3\n").replace("line 8\n", "8\n")
    assert (root / "a.txt").read_text() == shouted
    runs = json.loads(copilot("runs", "list", "--json", cwd=root).stdout)
    assert [(run["outcome"], run["rounds"]) for run in runs] == [
        ("applied", 2),
        ("sent back", 1),
    ]
    told = [(run["accepted_hunks"], run["rejected_hunks"]) for run in runs]
    assert told == [(2, 1), (1, 1)]


def test_what_was_asked_for_again_and_not_taken_is_kept_whole(
    copilot: Copilot, root: Path, model: Model, shout: Words, reply: Words, block: Words
) -> None:
    url = model(shout(3, 8, 15), reply(block(PATH, "line 8\n", "8\n")))
    answers = "y\nx stay quiet\nr\n"
    options = ("--check", "false", "--check-rounds", "0", "--base-url", url)
    done = copilot("edit", "x", "--plain", *options, cwd=root, stdin=answers)
    assert "the check failed" in done.stderr
    kept = shlex.split(done.stderr.rpartition("the reply is kept: ")[2])
    assert copilot(*kept[1:], "--yes", cwd=root).returncode == 0
    for number in (3, 15):
        assert f"LINE {number}\n" in (root / "a.txt").read_text()
    assert "\n8\n" in (root / "a.txt").read_text()
