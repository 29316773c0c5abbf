"""`copilot edit --constrained`: the files first, then blocks that can only be lines of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copilot = Callable[..., Any]
Model = Callable[..., str]

FOLLOWS = {"owned_by": "llamacpp", "meta": {"n_ctx": 32768}}
LISTED = "app/a.txt\nCREATE app/new.txt\nDELETE app/b.txt\nEND OF FILES: 3 files\n"
BLOCKS = """\
app/b.txt
<<<<<<< DELETE
>>>>>>> END

app/new.txt
<<<<<<< CREATE
new
>>>>>>> END

app/a.txt
<<<<<<< SEARCH
two
=======
TWO
>>>>>>> REPLACE

app/a.txt
<<<<<<< SEARCH
one
two
=======
ONE
>>>>>>> REPLACE

END OF EDITS: 4 files, 4 blocks
"""
END = "END OF EDITS: 1 file, 1 block\n"


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """A repository with too many lines for one step."""
    files = {"a.txt": "one\ntwo\nthree\n", "b.txt": "b\n", "long.txt": "x\n" * 2000}
    return make_repository(files, "app")


def test_few_lines_take_one_step(
    copilot: Copilot,
    model: Model,
    make_repository: Callable[..., Path],
    asked: list[dict[str, Any]],
) -> None:
    root = make_repository({"a.txt": "one\ntwo\n", "b.txt": "b\n"}, "app")
    block = "app/a.txt\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n\n"
    url = model(block + "END OF EDITS: 1 file, 1 block\n", facts=FOLLOWS)
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    assert (root / "a.txt").read_text() == "one\nTWO\n"
    (question,) = asked
    assert all(f'"{line}' in question["grammar"] for line in ("one", "two", "b"))


@pytest.mark.parametrize(
    ("owner", "fields"),
    [("vllm", ("structured_outputs", "grammar")), ("sglang", ("ebnf",))],
)
def test_other_servers_are_told_the_grammar_in_their_own_way(
    copilot: Copilot,
    model: Model,
    make_repository: Callable[..., Path],
    asked: list[dict[str, Any]],
    owner: str,
    fields: tuple[str, ...],
) -> None:
    root = make_repository({"a.txt": "one\ntwo\n"}, "app")
    facts = {"owned_by": owner, "max_model_len": 32768}
    url = model("END OF EDITS: 0 files, 0 blocks\n", facts=facts)
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    grammar: Any = asked[0]
    for field in fields:
        grammar = grammar[field]
    assert "\nroot ::= " in grammar
    assert "temperature" not in asked[0]


def test_one_step_makes_moves_and_deletes_files(
    copilot: Copilot, model: Model, make_repository: Callable[..., Path]
) -> None:
    root = make_repository({"a.txt": "one\ntwo\n", "b.txt": "b\n", "c.txt": "c\n"}, "app")
    blocks = (
        "app/b.txt\n<<<<<<< DELETE\n>>>>>>> END\n",
        "app/docs/new.txt\n<<<<<<< CREATE\nnew\n>>>>>>> END\n",
        "app/docs/NEW.txt\n<<<<<<< CREATE\ntwice\n>>>>>>> END\n",
        "app/a.txt\n<<<<<<< RENAME\napp/docs/a.txt\n>>>>>>> END\n",
        "app/a.txt\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n",
    )
    url = model("\n".join(blocks) + "\nEND OF EDITS: 5 files, 5 blocks\n", facts=FOLLOWS)
    done = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "cannot stand beside the block at line" in done.stderr
    names = {path.relative_to(root).as_posix() for path in root.rglob("*.txt")}
    assert names == {"c.txt", "docs/a.txt", "docs/new.txt"}
    assert (root / "docs/a.txt").read_text() == "one\nTWO\n"


def test_the_files_are_named_first_then_their_blocks(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model(LISTED, BLOCKS, facts=FOLLOWS)
    done = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 0
    assert (root / "a.txt").read_text() == "one\nTWO\nthree\n"
    assert (root / "new.txt").read_text() == "new\n"
    assert not (root / "b.txt").exists()
    assert "overlaps the block at line" in done.stderr
    first, second = asked
    assert "three" not in first["grammar"]
    assert "three" in second["grammar"]
    assert second["messages"][:2] == first["messages"]
    assert [message["role"] for message in second["messages"][2:]] == ["assistant", "user"]
    assert second["messages"][2]["content"] == LISTED


def test_a_list_without_a_file_that_can_be_changed_ends_there(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("CREATE app/../x\nEND OF FILES: 1 file\n", facts=FOLLOWS)
    done = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert done.returncode == 5
    assert "no file that can be changed" in done.stderr
    assert len(asked) == 1


def test_an_empty_list_changes_nothing(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("END OF FILES: 0 files\n", facts=FOLLOWS)
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    assert len(asked) == 1


def test_a_repair_is_held_to_the_same_files(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    bad = "app/a.txt\n<<<<<<< SEARCH\none\n=======\n... the rest ...\n>>>>>>> REPLACE\n\n"
    bad += "END OF EDITS: 1 file, 1 block\n"
    listed = "app/a.txt\nEND OF FILES: 1 file\n"
    url = model(listed, bad, bad.replace("... the rest ...", "ONE"), facts=FOLLOWS)
    assert copilot("edit", "x", "--yes", "--base-url", url, cwd=root).returncode == 0
    assert (root / "a.txt").read_text() == "ONE\ntwo\nthree\n"
    assert "app/b.txt" not in asked[2]["grammar"]
    assert "0 files, 0 blocks" in asked[2]["grammar"]


def test_edits_that_change_nothing_are_asked_for_once_more(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    listed = "app/a.txt\nEND OF FILES: 1 file\n"
    idle = "app/a.txt\n<<<<<<< SEARCH\none\n=======\none\n>>>>>>> REPLACE\n\n"
    idle += "END OF EDITS: 1 file, 1 block\n"
    url = model(listed, idle, idle.replace("=======\none", "=======\nONE"), facts=FOLLOWS)
    task = "Write the first line in capitals"
    done = copilot("edit", task, "--yes", "--no-repair", "--base-url", url, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / "a.txt").read_text() == "ONE\ntwo\nthree\n"
    assert task in asked[2]["messages"][-1]["content"]
    assert "two" not in asked[2]["grammar"]


def test_a_reply_that_does_not_end_is_asked_for_once_more_and_short(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    endless = "app/a.txt\n<<<<<<< SEARCH\ntwo\n=======\n" + "again\n" * 50
    short = "app/a.txt\n<<<<<<< SEARCH\ntwo\n=======\nTWO\n>>>>>>> REPLACE\n\n"
    replies = ("app/a.txt\nEND OF FILES: 1 file\n", endless, f"{short}{END}")
    url = model(*replies, reason="length", facts=FOLLOWS)
    run = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert run.returncode == 0, run.stderr
    assert "asking for one short block instead" in run.stderr
    assert (root / "a.txt").read_text() == "one\nTWO\nthree\n"
    # The same once more: what was cut off is not sent back.
    assert asked[2]["messages"] == asked[1]["messages"]
    assert asked[2]["grammar"] != asked[1]["grammar"]


def test_a_model_that_insists_on_nothing_changes_nothing(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    idle = "app/a.txt\n<<<<<<< SEARCH\none\n=======\none\n>>>>>>> REPLACE\n\n"
    idle += "END OF EDITS: 1 file, 1 block\n"
    url = model("app/a.txt\nEND OF FILES: 1 file\n", idle, idle, facts=FOLLOWS)
    done = copilot("edit", "x", "--yes", "--base-url", url, cwd=root)
    assert (done.returncode, len(asked)) == (0, 3)
    assert "left out: line 2 of the reply: changes nothing" in done.stderr


def test_off_asks_once_and_freely(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    url = model("END OF EDITS: 0 files, 0 blocks\n", facts=FOLLOWS)
    options = ("--yes", "--constrained", "off", "--base-url", url)
    assert copilot("edit", "x", *options, cwd=root).returncode == 0
    (question,) = asked
    assert "grammar" not in question


def test_on_is_refused_where_no_grammar_is_followed(
    copilot: Copilot, model: Model, root: Path, asked: list[dict[str, Any]]
) -> None:
    done = copilot("edit", "x", "--constrained", "on", "--base-url", model(BLOCKS), cwd=root)
    assert done.returncode == 2
    assert "is not known to follow a grammar" in done.stderr
    assert asked == []
