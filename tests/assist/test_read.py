from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from copilot.assist.pack import Packed, pack
from copilot.assist.read import Read, check_complete, read_texts, unread, with_outlines
from copilot.assist.scope import Scope
from copilot.context.draft import Draft
from copilot.context.entries import Shape
from copilot.errors import ReadIncomplete
from copilot.settings.modes import Mode
from copilot.workspace.choose import Selection
from copilot.workspace.model import SourceFile
from copilot.workspace.seen import SeenStore

Pack = Callable[..., Packed]
ScopeOf = Callable[..., Scope]
SECRET = "hunter2Kq9vXw4LmZ7tRb1"


def _silent(_done: int, _known: int) -> None:
    return


def test_texts_are_read_in_the_order_they_are_asked_for(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = [file for file in Read.of(scope.parts(_silent)).files if file.is_text]
    wanted = [unread(file) for file in reversed(files)]
    mixed = [file if n % 3 else wanted[n] for n, file in enumerate(reversed(files))]
    assert read_texts(wanted, scope) == list(reversed(files))
    assert read_texts(mixed, scope) == list(reversed(files))


def test_what_is_staged_is_read_twice_whatever_lies_on_disk(
    varied: Path, scope_of: ScopeOf, git: Callable[..., str]
) -> None:
    git(varied, "add", "--all")
    scope = scope_of(varied)
    on_disk = Read.of(scope.parts(_silent)).files
    scope = replace(scope, roots=(replace(scope.roots[0], state="index"),))
    (varied / "AGENTS.md").write_text("Write no code.\n")
    (varied / "src/shop/cart.py").unlink()
    staged = [file for file in Read.of(scope.parts(_silent)).files if file.is_text]
    assert staged == [file for file in on_disk if file.is_text]
    seen = [file for file in Read.of(scope.parts(_silent, skip=True)).files if file.is_text]
    assert all(file.unread for file in seen)
    assert [file.text for file in read_texts(seen, scope)] == [file.text for file in staged]


def test_a_file_that_the_system_refuses_is_named() -> None:
    refused = [
        SourceFile("app", f"{n}\n.py", None, "cannot be read: no", denied=True) for n in range(7)
    ]
    with pytest.raises(ReadIncomplete, match=r"app/0\\n\.py, .* and 2 more: cannot be read: no"):
        check_complete([SourceFile("app", "a", None, "", b""), *refused])


def _on_call(number: int, act: Callable[[], object]) -> Callable[[int, int], None]:
    """Return a progress that does something at its n-th call."""
    calls = []

    def progress(_done: int, _known: int) -> None:
        calls.append(0)
        if len(calls) == number:
            act()

    return progress


@pytest.mark.parametrize("mode", [Mode.WHOLE, Mode.RANK])
def test_a_file_that_changes_between_two_readings_is_said(
    varied: Path, scope_of: ScopeOf, mode: Mode
) -> None:
    def edit() -> None:
        (varied / "AGENTS.md").write_text("Write no code.\n")

    # All files are read again: none of their texts is held, as they are more than can be shown.
    (varied / "docs/long.md").write_text("The shop has a long story. " * 4000)
    for _ in range(2):
        pack(scope_of(varied, mode=mode, budget=4000), "ask", "what?", _silent)
    with pytest.raises(ReadIncomplete, match=r"varied/AGENTS\.md changed while it was read"):
        pack(scope_of(varied, mode=mode, budget=4000, fresh=True), "ask", "", _on_call(1, edit))
    packed = pack(scope_of(varied, mode=mode, budget=4000, fresh=True), "ask", "what?", _silent)
    assert "Write no code." in packed.prompt.text


def test_a_file_that_vanishes_between_two_readings_is_said(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied, mode=Mode.RANK, budget=4000)
    pack(scope, "ask", "what?", _silent)
    with pytest.raises(ReadIncomplete, match="changed while it was read"):
        pack(scope, "ask", "what?", _on_call(1, (varied / "AGENTS.md").unlink))


def test_outlines_say_which_text_they_are_of(varied: Path, scope_of: ScopeOf) -> None:
    scope = scope_of(varied)
    files = [file for file in Read.of(scope.parts(_silent)).files if file.is_text]
    copies = {copy.file.path: copy for copy in with_outlines(files, scope, Draft())}
    whole = {file.path: file for file in files}
    assert "src/shop/cart.py" in copies
    for path, copy in copies.items():
        assert copy.shape is Shape.OUTLINE
        assert copy.source == whole[path].content
        assert len(copy.file.data or b"") < len(whole[path].data or b"")


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.WHOLE, Mode.RANK])
@pytest.mark.parametrize("budget", [2000, 100_000])
def test_no_secret_is_in_a_prompt_nor_in_what_is_kept(
    varied: Path, user: Path, pack_of: Pack, mode: Mode, budget: int
) -> None:
    for asked in ("the PASSWORD in settings.py", f"find {SECRET[:5]}"):
        for outlines in (False, True):
            packed = pack_of(varied, asked=asked, mode=mode, budget=budget, outlines=outlines)
            assert SECRET not in packed.prompt.text
        (varied / "settings.py").write_text(f'TOKEN = "x"\nPASSWORD = "{SECRET}"\n')
    assert "MASKED_" in pack_of(varied, asked="settings.py PASSWORD", mode=mode).prompt.text
    files = [file for file in user.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} >= {".sqlite3", ".seen", ".key"}
    assert not [file for file in files if SECRET.encode() in file.read_bytes()]


def test_a_secret_that_is_found_later_is_masked_in_all_bytes_behind(
    root: Path, pack_of: Pack
) -> None:
    (root / "settings.py").write_text("DEBUG = True\n")
    pack_of(root)
    (root / "settings.py").write_text(f'PASSWORD = "{SECRET}"\n')
    packed = pack_of(root)
    assert SECRET not in packed.prompt.text
    (shown,) = [file for file in packed.prompt.files if file.path == "settings.py"]
    assert [mask.line for mask in shown.masks] == [1]


def test_what_was_seen_changes_no_prompt(varied: Path, pack_of: Pack) -> None:
    plain = pack_of(varied, seen=SeenStore(), mode=Mode.RANK, budget=3000)
    for _ in range(2):
        again = pack_of(varied, mode=Mode.RANK, budget=3000)
        assert (again.prompt.text, again.prompt.files) == (plain.prompt.text, plain.prompt.files)


def test_a_snapshot_is_without_its_texts(varied: Path, pack_of: Pack) -> None:
    for _ in range(2):
        assert not [file for file in pack_of(varied).snapshot.files if file.data is not None]
        (varied / "new.py").write_text("print('newer')\n")


def test_several_roots_with_the_same_paths_are_told_apart(
    varied: Path, root: Path, pack_of: Pack
) -> None:
    (root / "new.py").write_text("print('of app')\n")
    pack_of(varied, root)
    (varied / "new.py").write_text("print('of varied')\n")
    texts = pack_of(varied, root).full_texts
    assert texts["app/new.py"] == "print('of app')\n"
    assert texts["varied/new.py"] == "print('of varied')\n"


def test_a_folder_outside_git_is_followed_too(tmp_path: Path, pack_of: Pack) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    for name in "abcdefgh":
        (folder / f"{name}.txt").write_text(f"{name}\n" * 9)
    before = pack_of(folder).prompt
    (folder / "c.txt").write_text("changed\n")
    after = pack_of(folder)
    assert after.why_new == ""
    assert after.prompt.text.startswith(before.text[: before.text.rindex("</file>")])
    assert subprocess.run(["git", "-C", str(folder), "status"], check=False).returncode
    assert "changed\n" in pack_of(folder, selection=Selection(include=(("c.txt",),))).prompt.text
