"""Suggestions are one edit each of what was shown; on disk or in the index, and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.assist.propose import Ground
from copilot.assist.reviewing.finding import Finding, Severity
from copilot.assist.reviewing.placing import suggested
from copilot.assist.reviewing.staged import StagedGround, fix_staged, unfix_staged
from copilot.assist.reviewing.suggestions import operation_of, written
from copilot.errors import EditsRefused, UsageError
from copilot.review.state import Decision, accepted, decide_all, start
from copilot.workspace.model import Root
from copilot.workspace.roots import find_roots

Git = Callable[..., str]
BLOCK = "{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n"
ONE = Finding("a.py", 2, 2, Severity.ERROR, "correctness", "It is wrong.", "two")


def known(name: str) -> str | None:
    return {"repo/a.py": "a.py", "a.py": "a.py"}.get(name)


def block(path: str = "repo/a.py", old: str = "two\n", new: str = "2\n") -> str:
    return BLOCK.format(path=path, old=old, new=new)


def test_a_suggestion_is_kept_in_one_form() -> None:
    kept = written(block("a.py"), 7, known, "repo")
    assert kept == block()
    found = operation_of(replace(ONE, suggestion=kept or ""))
    assert found is not None
    assert (found.path, found.search, found.replace) == ("repo/a.py", "two\n", "2\n")


def test_lines_that_look_like_markers_take_longer_ones() -> None:
    text = "repo/a.py\n<<<<<<<<< SEARCH\n=======\n=========\n<<<<<<< x\n>>>>>>>>> REPLACE\n"
    kept = written(text, 9, known, "repo")
    assert kept is not None
    assert "\n<<<<<<<< SEARCH\n" in kept
    found = operation_of(replace(ONE, suggestion=kept))
    assert found is not None
    assert (found.search, found.replace) == ("=======\n", "<<<<<<< x\n")


@pytest.mark.parametrize(
    "text",
    [
        "use a constant instead",
        block("repo/lost.py"),
        block("../a.py"),
        block(new="two\n"),
        block() + block(),
        "repo/a.py\n<<<<<<< DELETE\n>>>>>>> END\n",
        "repo/a.py\n<<<<<<< OVERWRITE\nx\n>>>>>>> END\n",
        "repo/new.py\n<<<<<<< CREATE\nx\n>>>>>>> END\n",
        "repo/a.py\n<<<<<<< SEARCH\ntwo\n",
    ],
)
def test_what_is_no_suggestion(text: str) -> None:
    assert written(text, 7, known, "repo") is None


@pytest.fixture
def root(make_repository: Callable[..., Path], git: Git) -> Root:
    folder = make_repository({"a.py": "one\ntwo\nthree\n", "b.py": "b\n"}, "repo")
    (folder / "a.py").write_text("one\ntwo\nthree\nstaged\n")
    git(folder, "add", "a.py")
    (folder / "a.py").write_text("unstaged\none\ntwo\nthree\nstaged\n")
    return find_roots([str(folder)], Path("/"))[0]


def finding(old: str, new: str) -> Finding:
    return replace(ONE, suggestion=block(old=old, new=new))


def test_those_without_a_place_leave_the_others(root: Root) -> None:
    some = [finding("two\n", "2\n"), finding("lost\n", "x\n"), finding("two\n", "II\n"), ONE]
    found = suggested(some, Ground((root,)))
    assert found.proposal is not None
    (change,) = found.proposal.changes.changes
    assert change.after == b"unstaged\none\n2\nthree\nstaged\n"
    assert [one for one, _ in found.refused] == some[1:3]


def test_on_the_index_alone_and_back(root: Root, git: Git, tmp_path: Path) -> None:
    kept = tmp_path / "state"
    ground = StagedGround((root,))
    found = suggested([finding("two\n", "2\n")], ground)
    assert found.proposal is not None
    changes = accepted(decide_all(start(found.proposal.changes), Decision.ACCEPTED))
    tree = git(root.path, "ls-files", "-s")
    fix_staged(root, changes, ground.files, kept, "a fix")
    assert git(root.path, "show", ":a.py") == "one\n2\nthree\nstaged\n"
    assert (root.path / "a.py").read_text() == "unstaged\none\ntwo\nthree\nstaged\n"
    assert unfix_staged(root, kept) == ("a.py",)
    assert git(root.path, "ls-files", "-s") == tree
    with pytest.raises(UsageError, match="no fix"):
        unfix_staged(root, kept)


def test_what_was_staged_meanwhile_stays(root: Root, git: Git, tmp_path: Path) -> None:
    kept = tmp_path / "state"
    ground = StagedGround((root,))
    found = suggested([finding("two\n", "2\n")], ground)
    assert found.proposal is not None
    changes = found.proposal.changes
    git(root.path, "add", "a.py")
    with pytest.raises(EditsRefused, match="staged otherwise"):
        fix_staged(root, changes, StagedGround((root,)).files, kept, "a fix")
    assert git(root.path, "show", ":a.py").startswith("unstaged\n")
    with pytest.raises(UsageError):
        unfix_staged(root, kept)


def test_what_was_staged_after_a_fix_stays(root: Root, git: Git, tmp_path: Path) -> None:
    ground = StagedGround((root,))
    found = suggested([finding("two\n", "2\n")], ground)
    assert found.proposal is not None
    fix_staged(root, found.proposal.changes, ground.files, tmp_path, "a fix")
    git(root.path, "add", "a.py")
    with pytest.raises(EditsRefused, match="staged otherwise"):
        unfix_staged(root, tmp_path)
    assert git(root.path, "show", ":a.py").startswith("unstaged\n")
