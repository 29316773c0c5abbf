"""Models of style: texts that the user names, shown beside the repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copilot.assist.pack import Packed
from copilot.assist.scope import Scope
from copilot.context.model import Detail, PackedFile, Prompt
from copilot.errors import ReadIncomplete
from copilot.settings.modes import Mode
from copilot.workspace.choose import Selection

Pack = Callable[..., Packed]
SECRET = "hunter2Kq9vXw4LmZ7tRb1"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    (folder / "old").mkdir(parents=True)
    (folder / "one.md").write_text("Dear reader, it is done.\n")
    (folder / "old/two.txt").write_text(f"Dear reader, soon.\n\npassword = {SECRET}\n")
    (folder / "logo.png").write_bytes(b"\x89PNG\0\0")
    return folder


def _style(packed: Packed) -> dict[str, PackedFile]:
    files = packed.prompt.files
    return {f"{f.repository}/{f.path}": f for f in files if f.repository.startswith("style")}


def test_texts_stand_first_in_the_base(
    root: Path, letters: Path, pack_of: Pack, accounted: Callable[[Prompt], None]
) -> None:
    packed = pack_of(root, style=(letters,), selection=Selection((("*.py",),)))
    accounted(packed.prompt)
    style = _style(packed)
    assert style["style/one.md"].detail is style["style/old/two.txt"].detail is Detail.FULL
    assert style["style/logo.png"].reason == "binary"
    assert SECRET not in packed.prompt.text
    base = packed.prompt.sections[1]
    assert [e.name for e in base.entries if e.path][:2] == ["style/old/two.txt", "style/one.md"]
    assert "models of tone" in packed.prompt.sections[0].text


def test_a_change_of_them_is_appended(root: Path, letters: Path, pack_of: Pack) -> None:
    first = pack_of(root, style=(letters,))
    (letters / "one.md").write_text("Dear reader, it is not done.\n")
    again = pack_of(root, style=(letters,))
    assert again.why_new == ""
    assert again.prompt.sections[1].data == first.prompt.sections[1].data
    assert again.full_texts["style/one.md"] == "Dear reader, it is not done.\n"


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.RANK])
@pytest.mark.parametrize("budget", [2_000, 20_000])
def test_they_keep_to_a_tenth_of_the_budget(
    root: Path, letters: Path, pack_of: Pack, mode: Mode, budget: int
) -> None:
    (letters / "long.md").write_text("Dear reader, this is long. " * 2_000)
    packed = pack_of(root, style=(letters,), budget=budget, mode=mode)
    style = _style(packed)
    assert style["style/long.md"].reason.startswith("over budget")
    assert 0 < sum(file.tokens for file in style.values()) <= budget // 10


def test_each_path_is_a_repository(
    root: Path, letters: Path, scope_of: Callable[..., Scope], pack_of: Pack
) -> None:
    paths = (letters / "one.md", letters / "old")
    assert scope_of(root, style=paths).read_only == ["style", "style-2"]
    style = _style(pack_of(root, style=paths))
    assert list(style) == ["style/one.md", "style-2/two.txt"]


def test_a_file_that_went_away_is_said(root: Path, letters: Path, pack_of: Pack) -> None:
    with pytest.raises(ReadIncomplete):
        pack_of(root, style=(letters / "three.md",))
