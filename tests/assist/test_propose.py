"""From a reply to changes, or to the reasons why there are none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.propose import Ground, Proposal, propose
from copilot.edits.changes import ChangeKind
from copilot.edits.flags import Flag, FlagKind
from copilot.errors import EditsRefused, ExitCode
from copilot.workspace.model import Root

A = "def f():\n    return 1\n"
Ask = Callable[[str], Proposal]


def block(path: str, search: str, replace: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n\n"


def create(path: str, text: str) -> str:
    return f"{path}\n<<<<<<< CREATE\n{text}>>>>>>> END\n\n"


def reply(*blocks: str, files: int = 1) -> str:
    many_files, many_blocks = ("s" if n != 1 else "" for n in (files, len(blocks)))
    counted = f"{files} file{many_files}, {len(blocks)} block{many_blocks}"
    return "".join(blocks) + f"END OF EDITS: {counted}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder `app` with files, and beside it a folder that must not be reached."""
    app, outside = tmp_path / "app", tmp_path / "outside"
    for folder in (app / "src", app / ".git", outside):
        folder.mkdir(parents=True)
    (app / "src" / "a.py").write_text(A)
    (app / "twice.txt").write_text("same\nother\nsame\n")
    (app / "bytes.bin").write_bytes(b"\xff\xfe\x00")
    (outside / "x.txt").write_text("same\n")
    (app / "link.txt").symlink_to(outside / "x.txt")
    (app / "linked").symlink_to(outside)
    os.mkfifo(app / "pipe")
    return app


@pytest.fixture
def ask(root: Path) -> Ask:
    return lambda text: propose(text, Ground((Root("app", root, False),)))


def refusal(ask: Ask, text: str) -> str:
    with pytest.raises(EditsRefused) as refused:
        ask(text)
    assert refused.value.exit_code == ExitCode.EDITS
    return refused.value.message


def test_a_block_that_fits(ask: Ask, root: Path) -> None:
    proposal = ask("Here it is:\n\n" + reply(block("app/src/a.py", "    return 1\n", "    pass\n")))
    (change,) = proposal.changes.changes
    assert (change.name, change.kind) == ("app/src/a.py", ChangeKind.UPDATE)
    assert change.after == b"def f():\n    pass\n"
    assert (proposal.flags, proposal.already_applied) == ({}, ())
    assert proposal.prose == "Here it is:"
    assert (root / "src" / "a.py").read_text() == A


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        (block("app/twice.txt", "same\n", "x\n"), "SEARCH occurs 2 times, at lines 1, 3"),
        (block("app/twice.txt", "absent\n", "x\n"), "SEARCH occurs nowhere in the file"),
        (block("app/missing.txt", "same\n", "x\n"), "there is no such file"),
        (block("app/bytes.bin", "same\n", "x\n"), "the file is no UTF-8 text"),
        (create("app/twice.txt", "x\n"), "the file exists already"),
        (create("../outside/new.txt", "x\n"), "'..' component"),
        (create("app/../outside/new.txt", "x\n"), "'..' component"),
        (create("/etc/copilot-test", "x\n"), "is absolute"),
        (create("app/.git/hooks/pre-commit", "x\n"), "folder of git itself"),
        (create("app/.GIT/config", "x\n"), "folder of git itself"),
        (create("app/linked/new.txt", "x\n"), "a parent folder is a symbolic link"),
        (block("app/linked/x.txt", "same\n", "x\n"), "a parent folder is a symbolic link"),
        (block("app/link.txt", "same\n", "x\n"), "symbolic link, not followed"),
        (create("app/link.txt", "x\n"), "symbolic link, not followed"),
        (create("app/src", "x\n"), "not a regular file"),
        (block("app/pipe", "same\n", "x\n"), "not a regular file"),
    ],
)
def test_a_block_that_is_refused(ask: Ask, root: Path, blocks: str, reason: str) -> None:
    message = refusal(ask, reply(blocks))
    assert message.startswith("1 edit cannot be placed; nothing was written\n")
    assert "line 2 of the reply" in message
    assert reason in message
    assert (root.parent / "outside" / "x.txt").read_text() == "same\n"


def test_a_search_that_is_nowhere_is_shown_beside_the_nearest_lines(ask: Ask) -> None:
    assert "return 1" in refusal(ask, reply(block("app/src/a.py", "    return 11\n", "x\n")))


def test_one_bad_block_refuses_the_good_ones_too(ask: Ask) -> None:
    good = block("app/src/a.py", "    return 1\n", "    pass\n")
    message = refusal(
        ask,
        reply(good, block("app/twice.txt", "same\n", "x\n"), create("app/linked/b", ""), files=3),
    )
    assert "app/linked/b" in message
    assert "app/twice.txt" in message
    assert "a.py" not in message


def test_every_refused_block_is_named(ask: Ask) -> None:
    blocks = [block("app/twice.txt", text, "x\n") for text in ("same\n", "absent\n")]
    message = refusal(ask, reply(*blocks))
    assert message.startswith("2 edits cannot be placed")
    assert "line 2 of the reply" in message
    assert "line 9 of the reply" in message


@pytest.mark.parametrize(
    "text",
    [
        block("app/src/a.py", "    return 1\n", "    pass\n"),
        reply(block("app/src/a.py", "    return 1\n", "    pass\n")).replace("1 block", "2 blocks"),
        "app/src/a.py\n<<<<<<< SEARCH\n    return 1\n",
        "app/src/a.py\n<<<<<<< SEARCH\n    return 1\n=======\n    pass\n",
        "<think>\nI could",
    ],
)
def test_a_reply_that_was_cut_off(ask: Ask, text: str) -> None:
    assert "cut off" in refusal(ask, text)


def test_a_path_cannot_speak_to_the_terminal(ask: Ask) -> None:
    message = refusal(ask, reply(create("app/\x1b]0;title\x07.txt", "x\n")))
    assert "\x1b" not in message
    assert "\\x1b]0;title\\x07" in message


def test_code_that_stops_parsing_is_flagged(ask: Ask) -> None:
    proposal = ask(reply(block("app/src/a.py", "    return 1\n", "    return (1\n")))
    text = "no longer parses: syntax error at line 2 of the new file"
    assert proposal.flags == {"app/src/a.py": (Flag(FlagKind.SYNTAX, text, 1),)}


def test_new_code_that_does_not_parse_is_flagged(ask: Ask) -> None:
    assert ask(reply(create("app/src/b.py", "def (:\n"))).flags


def test_code_that_was_broken_before_is_not_flagged(ask: Ask, root: Path) -> None:
    (root / "src" / "a.py").write_text("def (:\n    return 1\n")
    assert not ask(reply(block("app/src/a.py", "    return 1\n", "    return 2\n"))).flags


def test_what_is_there_already_is_told(ask: Ask) -> None:
    proposal = ask(reply(block("app/src/a.py", "    return 0\n", "    return 1\n")))
    assert not proposal.changes
    assert proposal.already_applied == ("app/src/a.py (reply line 2)",)


def test_a_reply_without_edits_asks_for_nothing(ask: Ask) -> None:
    proposal = ask("Nothing needs to change.\n\nEND OF EDITS: 0 files, 0 blocks\n")
    assert not proposal.changes
    assert proposal.prose == "Nothing needs to change."


def test_several_roots(tmp_path: Path, root: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "only.txt").write_text("w\n")
    (web / "twice.txt").write_text("w\n")
    ground = Ground((Root("app", root, False), Root("web", web, False)))
    blocks = [block("app/src/a.py", "    return 1\n", ""), block("only.txt", "w\n", "v\n")]
    changes = propose(reply(*blocks, files=2), ground).changes.changes
    assert [change.name for change in changes] == ["app/src/a.py", "web/only.txt"]
    with pytest.raises(EditsRefused, match="several have such a file: app, web"):
        propose(reply(block("twice.txt", "w\n", "v\n")), ground)
    with pytest.raises(EditsRefused, match="must begin with one of: app, web"):
        propose(reply(create("new.txt", "v\n")), ground)


def test_what_is_only_read_is_not_changed(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib" / "a.txt").write_text("x\n")
    ground = Ground((Root("app", root, False),), frozenset({"lib"}))
    for edit in (block("lib/a.txt", "x\n", "y\n"), create("lib/new.txt", "y\n")):
        with pytest.raises(EditsRefused, match="lies in lib, a repository that is only read"):
            propose(reply(edit), ground)
    (change,) = propose(reply(block("app/lib/a.txt", "x\n", "y\n")), ground).changes.changes
    assert change.name == "app/lib/a.txt"


def test_a_longer_marker(root: Path) -> None:
    (root / "src" / "a.py").write_text(f"<<<<<<< SEARCH\n{A}")
    long = reply(block("app/src/a.py", "    return 1\n", "<<<<<<< SEARCH\n=======\n"))
    text = long.replace("<" * 7 + " SEARCH\n    ", "<" * 9 + " SEARCH\n    ")
    text = text.replace("=======\n<", "=========\n<").replace(">" * 7, ">" * 9)
    (change,) = propose(text, Ground((Root("app", root, False),)), 9).changes.changes
    assert change.after == b"<<<<<<< SEARCH\ndef f():\n<<<<<<< SEARCH\n=======\n"


def test_an_outlines_mark_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    x = 1\n    return x\n")
    (tmp_path / "marks.txt").write_text("    … 2 lines\nend\n")
    ground = Ground((Root("app", tmp_path, False),))
    with pytest.raises(EditsRefused, match="… 2 lines` stands for text that was left out"):
        propose(reply(block("app/a.py", "def f():\n", "def g():\n    … 2 lines\n")), ground)
    text = block("app/marks.txt", "    … 2 lines\nend\n", "    … 2 lines\nfin\n")
    (change,) = propose(reply(text), ground).changes.changes
    assert change.after == b"    \xe2\x80\xa6 2 lines\nfin\n"
