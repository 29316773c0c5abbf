"""Edits in two steps: what the list of files means, and what becomes of the blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from copilot.assist.ask import Limits, ask, request_for
from copilot.assist.constrained import (
    Files,
    all_files,
    asks_for_blocks,
    asks_for_files,
    blocks_grammar,
    files_grammar,
    named_files,
    settled,
)
from copilot.assist.pack import Packed
from copilot.assist.propose import Ground, attempt, read_reply
from copilot.backends.openai_chat import OpenAIChat
from copilot.backends.protocol import Message
from copilot.edits.grammar import Wholes
from copilot.edits.operations import Create
from copilot.errors import EditsRefused, ReplyIncomplete

FILES = {
    "src/area.py": "def area(width, height):\n    return width + height\n",
    "src/shout.py": "def shout(text):\n    return text.lower() + '!'\n",
    "src/__init__.py": "",
    "logo.bin": b"\0\1\2",
}
TASKS = (
    "area must multiply width by height, not add them. Fix area.",
    "shout must return the text in upper case. Fix shout.",
)


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    return make_repository(FILES, "app")


@pytest.fixture
def packed(root: Path, pack_of: Callable[..., Packed]) -> Packed:
    return pack_of(root, asked=TASKS[0], kind="edit")


def listed(*names: str) -> str:
    return "".join(f"{name}\n" for name in (*names, f"END OF FILES: {len(names)} files"))


def test_files_are_named_with_their_verbs(packed: Packed) -> None:
    wholes = ("CREATE app/docs/a.md", "DELETE app/src/shout.py", "RENAME app/src/__init__.py")
    names = ("app/src/area.py", *wholes)
    assert named_files(listed(*names, *names), packed) == Files(
        ("app/src/area.py",),
        Wholes(("app/src/shout.py",), ("app/src/__init__.py",), ("app/docs/a.md",)),
    )


def test_a_new_file_that_is_there_is_edited(packed: Packed) -> None:
    assert named_files(listed("CREATE app/src/area.py"), packed).edited == ("app/src/area.py",)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("CREATE app/logo.bin", "there is such a file"),
        ("CREATE app/SRC/Area.py", "there is such a file"),
        ("CREATE app/src/area.py/x", "a part of its path is a file"),
        ("CREATE app/src", "it is a folder"),
        ("CREATE app/../x", "the path has a '.' or '..' component"),
        ("CREATE app/.git/hooks/x", "the path lies in the folder of git itself"),
        ("app/nowhere.py", "there is no such file"),
        ("DELETE app/nowhere.py", "there is no such file"),
        ("RENAME app/nowhere.py", "there is no such file"),
    ],
)
def test_what_cannot_be_changed_is_left_out_and_named(packed: Packed, name: str, why: str) -> None:
    files = named_files(listed("app/src/area.py", name), packed)
    assert (files.edited, files.wholes) == (("app/src/area.py",), Wholes())
    assert why in files.left_out[0]
    with pytest.raises(EditsRefused, match="no file that can be changed"):
        named_files(listed(name), packed)


def test_a_list_that_breaks_off_keeps_its_whole_lines(packed: Packed) -> None:
    assert named_files("app/src/area.py\napp/src/sh", packed).edited == ("app/src/area.py",)
    with pytest.raises(ReplyIncomplete):
        named_files("app/src/ar", packed)


def test_the_grammars_know_the_files_that_can_be_edited(packed: Packed) -> None:
    paths = files_grammar(packed)
    blocks = blocks_grammar(packed, Files(("app/src/area.py",)))
    assert paths is not None
    assert "logo" not in paths
    assert blocks is not None
    assert "width + height" in blocks
    assert "lower" not in blocks


def test_a_file_named_with_the_wrong_verb_may_still_be_edited(packed: Packed) -> None:
    files = named_files(listed("DELETE app/src/shout.py", "RENAME app/src/area.py"), packed)
    blocks = blocks_grammar(packed, files)
    assert blocks is not None
    assert all(text in blocks for text in ("width + height", "lower", "DELETE", "RENAME"))
    assert "__init__" not in blocks.partition("root ::= ")[2]


def block(search: str, replace: str) -> str:
    return f"app/src/area.py\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n\n"


def test_blocks_that_change_nothing_or_overlap_are_left_out(packed: Packed) -> None:
    head, body = "def area(width, height):\n", "    return width + height\n"
    blocks = [block(body, "x\n"), block(head, head), block(body, "x\n"), block(f"{head}{body}", "")]
    text = "".join(blocks) + "END OF EDITS: 4 files, 4 blocks\n"
    made = settled(read_reply(text), packed)
    assert [operation.line for operation in made.reply.operations] == [2]
    assert made.left_out == (
        "line 9 of the reply: changes nothing",
        "line 16 of the reply: overlaps the block at line 2",
        "line 23 of the reply: overlaps the block at line 2",
    )


def test_the_second_request_begins_with_the_first(packed: Packed, tmp_path: Path) -> None:
    first = asks_for_files(tmp_path)
    wholes = Wholes(("app/src/shout.py",), ("app/src/__init__.py",), ("app/new.py",))
    files = Files(("app/src/area.py",), wholes)
    later = asks_for_blocks("app/src/area.py\n", files, tmp_path)
    one = request_for(packed, Limits(9), turns=(first,)).messages
    two = request_for(packed, Limits(9), turns=(first, *later)).messages
    assert [message.role for message in two] == ["system", "user", "assistant", "user"]
    assert two[:2] == one
    assert one[1].content.endswith(first.content)
    verbs = ("CREATE app/new.py", "DELETE app/src/shout.py", "RENAME app/src/__init__.py")
    names = "".join(f"- {name}\n" for name in (*verbs, "app/src/area.py"))
    assert names in two[3].content


def test_a_list_that_repeats_itself_is_shown_once(packed: Packed, tmp_path: Path) -> None:
    text = listed(*["app/src/area.py"] * 9, "CREATE app/new.py")
    said, _ = asks_for_blocks(text, named_files(text, packed), tmp_path)
    assert said.content == listed("app/src/area.py", "CREATE app/new.py")


@pytest.fixture
def small_model(llama_server: str) -> Iterator[OpenAIChat]:
    chat = OpenAIChat(llama_server)
    chat.facts()
    yield chat
    chat.close()


def test_new_files_that_the_task_gives_the_paths_of_may_be_made(packed: Packed) -> None:
    task = "Write `docs/a.md` (and lib.py, app/src/x.py), not src/area.py, ../up.md or app/.git/x."
    files = all_files(packed, task)
    assert files is not None
    assert files.offered.created == ("app/docs/a.md", "app/lib.py", "app/src/x.py")


@pytest.mark.xdist_group("llama")
@pytest.mark.parametrize("task", TASKS)
def test_all_blocks_of_a_real_small_model_apply(
    small_model: OpenAIChat, root: Path, pack_of: Callable[..., Packed], tmp_path: Path, task: str
) -> None:
    packed = pack_of(root, asked=task, kind="edit")
    turns: tuple[Message, ...] = (asks_for_files(tmp_path),)

    def answered(grammar: str | None) -> str:
        return ask(small_model, packed, Limits(300, 0.0), lambda _: None, grammar, turns).text

    first = answered(files_grammar(packed))
    files = named_files(first, packed)
    turns += asks_for_blocks(first, files, tmp_path)
    reply = settled(read_reply(answered(blocks_grammar(packed, files))), packed).reply
    made = attempt(reply, Ground(packed.roots))
    assert made.refusals == ()


@pytest.mark.xdist_group("llama")
def test_a_real_small_model_may_make_a_file(
    small_model: OpenAIChat, root: Path, pack_of: Callable[..., Packed]
) -> None:
    task = "Create src/triangle.py with a function that returns base * height / 2."
    packed = pack_of(root, asked=task, kind="edit")
    files = all_files(packed, task)
    assert files is not None
    grammar = blocks_grammar(packed, files)
    text = ask(small_model, packed, Limits(300, 0.0), lambda _: None, grammar).text
    reply = settled(read_reply(text), packed).reply
    assert [type(operation) for operation in reply.operations] == [Create]
    assert attempt(reply, Ground(packed.roots)).refusals == ()


def test_where_a_folder_is_called_as_its_repository_the_alias_may_be_missing(
    make_repository: Callable[..., Path], pack_of: Callable[..., Packed]
) -> None:
    root = make_repository({"app/a.py": "one\n", "app/empty.py": "", "b.py": "two\n"}, "app")
    packed = pack_of(root, kind="edit", asked="x")
    files = named_files(listed("app/a.py", "DELETE app/b.py"), packed)
    assert (files.edited, files.wholes.deleted) == (("app/app/a.py",), ("app/b.py",))
    blocks = (
        "app/a.py\n<<<<<<< SEARCH\none\n=======\nONE\n>>>>>>> REPLACE\n\n"
        "app/app/a.py\n<<<<<<< SEARCH\none\n=======\nTWO\n>>>>>>> REPLACE\n\n"
    )
    made = settled(read_reply(f"{blocks}END OF EDITS: 2 files, 2 blocks\n"), packed)
    assert [operation.path for operation in made.reply.operations] == ["app/app/a.py"]
    assert made.left_out == ("line 9 of the reply: overlaps the block at line 2",)
