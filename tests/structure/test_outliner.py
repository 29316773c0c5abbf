from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import copilot
from copilot.cache import Cache
from copilot.structure.outline import Outline, outline
from copilot.structure.outliner import Outliner, packed_outlines
from copilot.workspace.contents import blob_id
from copilot.workspace.masks.placeholders import Mask
from copilot.workspace.model import Part, Repository, SourceFile


def _file(path: str, text: str) -> SourceFile:
    data = text.encode()
    return SourceFile("app", path, blob_id(data), "tracked", data, content=blob_id(data))


def _our_parts() -> list[Part]:
    folder = Path(copilot.__file__).parent
    files = [_file(p.name, p.read_text("utf-8")) for p in sorted(folder.rglob("*.py"))]
    large = "\n\n".join(file.text or "" for file in files)
    files += [_file(f"large{number}.py", f"# {number}\n{large}") for number in range(3)]
    last = Part((), Repository("app", folder, None, dirty=False))
    return [*(Part(tuple(files[n : n + 9])) for n in range(0, len(files), 9)), last]


@pytest.fixture(params=[1, 2])
def outliner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Outliner]:
    with Cache(tmp_path / "facts.sqlite3") as cache, Outliner(cache, request.param) as made:
        yield made


def test_every_file_gets_its_own_outline_in_order(outliner: Outliner) -> None:
    parts = _our_parts()
    for _ in ("cold", "from the cache"):
        made = list(outliner.outlined(parts))
        assert [one.part.repository for one in made] == [part.repository for part in parts]
        for one, part in zip(made, parts, strict=True):
            for shown, whole in zip(one.part.files, part.files, strict=True):
                expected = outline(whole.path, whole.text or "")
                assert expected is not None
                is_shorter = len(expected.text.encode()) <= 0.9 * len(whole.data or b"")
                text = expected.text if is_shorter else whole.text
                assert (shown.path, shown.text) == (whole.path, text)
                assert (shown.name in one.names) == (text != whole.text)


def test_what_no_grammar_reads_stays_whole(outliner: Outliner) -> None:
    files = (
        _file("notes.unknown", "def f():\n    return 1\n"),
        SourceFile("app", "image.png", None, "binary"),
        _file("short.py", "x = 1\n"),
    )
    (made,) = outliner.outlined([Part(files)])
    assert made.part.files == files
    assert made.names == frozenset()


def test_a_mask_that_the_outline_leaves_out_is_not_reported(outliner: Outliner) -> None:
    body = "".join(f"    line_{number} = {number}\n" for number in range(9))
    text = f'KEY = "MASKED_a"\n\n\ndef f():\n{body}    key = "MASKED_b"\n'
    kept, gone = Mask(1, "key", "MASKED_a", "a"), Mask(14, "key", "MASKED_b", "b")
    file = SourceFile("app", "a.py", None, "tracked", text.encode(), masks=(kept, gone))
    (made,) = outliner.outlined([Part((file,))])
    assert made.names == {"app/a.py"}
    assert made.part.files[0].masks == (kept,)


def test_a_task_can_be_sent_to_another_process() -> None:
    (first, second) = packed_outlines([("a.py", b"x = 1\n"), ("b.unknown", b"y\n")])
    assert first != second


def test_a_text_that_ends_its_parser_stays_whole_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_on_demand(path: str, text: str) -> Outline | None:
        if path == "evil.py":
            os.kill(os.getpid(), signal.SIGSEGV)
        return outline(path, text)

    # The processes are forked from this one, and parse with what stands here.
    monkeypatch.setattr("copilot.structure.outliner.outline", ends_on_demand)
    body = "".join(f"    line_{number} = {number}\n" for number in range(9))
    files = tuple(_file(f"{name}.py", f"# {name}\ndef f():\n{body}") for name in ("a", "evil", "b"))
    for _ in ("made", "kept"):
        with Cache(tmp_path / "facts.sqlite3") as cache, Outliner(cache, 2) as outliner:
            (made,) = outliner.outlined([Part(files)])
        assert made.names == {"app/a.py", "app/b.py"}
        assert made.part.files[1].data == files[1].data
        assert made.part.files[1].reason == "tracked; in full: its grammar cannot read it"
