"""A new base begins as the one before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from copilot.assist.pack import Packed

Pack = Callable[..., Packed]
MakeRepository = Callable[..., Path]
_FILES = 20


def _base(packed: Packed) -> str:
    return "".join(s.text for s in packed.prompt.sections if s.kind in {"rules", "base"})


def _same(one: str, other: str) -> str:
    """Return what two texts begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))]


def _words(text: str) -> list[str]:
    return re.findall(r"^<file-mark (\w+)>$", text, re.MULTILINE)


def _part(number: int) -> str:
    return "".join(f"def part_{number}_{n}(value):\n    return value + {n}\n" for n in range(60))


def test_a_new_base_begins_as_the_one_before(
    make_repository: MakeRepository, pack_of: Pack
) -> None:
    root = make_repository({f"p{n:02}.py": _part(n) for n in range(_FILES)}, "app")
    before = pack_of(root)
    for number in range(14, _FILES):
        (root / f"p{number}.py").write_text(f"{_part(number)}changed = {number}\n")
    after = pack_of(root)
    assert after.why_new
    shared = _same(_base(before), _base(after))
    assert shared.endswith('<file path="app/p14.py">\n' + _part(14))
    # The marks in front and in the middle are where they were.
    assert len(_words(shared)) == 2
    assert _words(_base(before)) == _words(_base(after)) == _words(shared)


def test_what_changed_comes_last_in_a_new_base(
    make_repository: MakeRepository, pack_of: Pack
) -> None:
    root = make_repository({f"p{n:02}.py": _part(n) for n in range(_FILES)}, "app")
    pack_of(root)
    for number in range(6):
        (root / f"p{number:02}.py").write_text(f"changed = {number}\n{_part(number)}")
    after = pack_of(root)
    assert after.why_new
    text = _base(after)
    places = {n: text.index(f'path="app/p{n:02}.py"') for n in range(_FILES)}
    assert sorted(places, key=lambda n: places[n]) == [*range(6, _FILES), *range(6)]


def test_a_base_that_was_asked_for_is_as_if_there_was_none(
    make_repository: MakeRepository, pack_of: Pack
) -> None:
    root = make_repository({f"p{n:02}.py": _part(n) for n in range(_FILES)}, "app")
    before = pack_of(root)
    (root / "p00.py").write_text(_part(0) + "changed = 0\n")
    fresh = pack_of(root, fresh=True)
    assert _words(_base(fresh)) != _words(_base(before))
