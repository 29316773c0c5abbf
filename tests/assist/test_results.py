"""What `--json` tells of each file of a reply."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot.assist.propose import Ground, attempt, read_reply
from copilot.assist.results import FileResult, refused_results, results_of
from copilot.edits.changes import ChangeSet, compose
from copilot.workspace.model import Root


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    for name, text in {
        "a.txt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        "old.txt": "old\n",
        "gone.txt": "gone\n",
        "same.txt": "new\n",
    }.items():
        (tmp_path / name).write_text(text)
    return Ground((Root("app", tmp_path, False),))


def search(path: str, old: str, new: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n\n"


CHANGES = (
    search("app/a.txt", "1\n", "one\n")
    + search("app/a.txt", "  8\n  9\n", "  eight\n  9\n")
    + "app/new.txt\n<<<<<<< CREATE\nx\n>>>>>>> END\n\n"
    + "app/gone.txt\n<<<<<<< DELETE\n>>>>>>> END\n\n"
    + "app/old.txt\n<<<<<<< RENAME\napp/moved.txt\n>>>>>>> END\n\n"
    + search("app/same.txt", "was\n", "new\n")
)


def test_a_reply_that_is_partly_taken(ground: Ground) -> None:
    reply = read_reply(CHANGES + "END OF EDITS: 5 files, 6 blocks\n")
    proposal = attempt(reply, ground).proposal()
    first = compose(proposal.changes.changes[0], [0])
    assert first
    taken = ChangeSet((first, *proposal.changes.changes[1:2]))
    assert results_of(proposal, taken, written=True) == (
        FileResult("app", "a.txt", "modify", "applied", "indent-shift", "", 1),
        FileResult("app", "new.txt", "create", "applied", "whole-file", "", 1),
        FileResult("app", "gone.txt", "delete", "pending", "whole-file", "not accepted", 1),
        FileResult("app", "moved.txt", "rename", "pending", "whole-file", "not accepted", 1),
        FileResult("app", "same.txt", "modify", "already-applied"),
    )


def test_a_refused_reply_names_what_is_wrong_and_what_waits(ground: Ground) -> None:
    bad = search("app/a.txt", "eleven\n", "11\n") + search("../x", "a\n", "b\n")
    reply = read_reply(CHANGES + bad + "END OF EDITS: 6 files, 8 blocks\n")
    results = {one.path: one for one in refused_results(attempt(reply, ground))}
    assert results["a.txt"].status == "refused"
    assert results["a.txt"].reason == "SEARCH occurs nowhere in the file"
    assert results["a.txt"].hunks == 3
    assert results["new.txt"].status == "pending"
    assert results["new.txt"].reason == "another edit of the reply was refused"
    assert (results["old.txt"].kind, results["gone.txt"].kind) == ("rename", "delete")
    assert (results["../x"].repository, results["../x"].status) == ("", "refused")
