"""The layout of the treemap: no overlaps, areas that follow tokens, never too many cells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.model import Detail, PackedFile, SectionKind
from copilot.context.treemap import MOST_CELLS, Box, Cell, Style, lay_out, squarify, tooltip
from copilot.context.treemap_figures import Spent

PIXELS = Style(
    head=20, flat_head=20, pad=3, open_width=72, open_height=56, smallest=400, thinnest=4
)
CHARACTERS = Style(
    head=1, flat_head=0, pad=0, open_width=14, open_height=4, smallest=15, thinnest=2, tall=2.0
)
ROOM = Box(0, 0, 1000, 700)
_SIZES = st.lists(st.integers(1, 10**6), min_size=1, max_size=40).map(
    lambda sizes: sorted(sizes, reverse=True)
)
_PATHS = st.lists(st.sampled_from(["a", "b", "c.py", "long_name", ""]), min_size=1, max_size=5)
_FILES = st.lists(
    st.builds(
        lambda repository, parts, detail, tokens: _file(
            "/".join(parts), tokens * (detail is not Detail.OMITTED), detail, repository
        ),
        st.sampled_from(["one", "two"]),
        _PATHS,
        st.sampled_from(Detail),
        st.integers(0, 10**5),
    ),
    max_size=60,
)


def _file(
    path: str,
    tokens: int,
    detail: Detail = Detail.FULL,
    repository: str = "repo",
    section: SectionKind | None = SectionKind.BASE,
) -> PackedFile:
    return PackedFile(repository, path, None, section, detail, tokens, "tracked")


def _spent(files: Sequence[PackedFile], **parts: int) -> Spent:
    total = sum(file.tokens for file in files) + sum(parts.values())
    return Spent(tuple(files), total, None, parts)


def _area(box: Box) -> float:
    return box.width * box.height


def _overlap(one: Box, other: Box) -> float:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(width, 0) * max(height, 0)


def _is_within(inner: Box, outer: Box) -> bool:
    return _overlap(inner, outer) == pytest.approx(_area(inner))


@given(_SIZES, st.integers(1, 2000), st.integers(1, 2000))
def test_areas_follow_sizes_and_fill_the_box(sizes: list[int], width: int, height: int) -> None:
    box = Box(3, 5, width, height)
    boxes = squarify(sizes, box)
    for size, one in zip(sizes, boxes, strict=True):
        assert _area(one) == pytest.approx(size / sum(sizes) * _area(box))
        assert _is_within(one, box)
    slack = 1e-6 * _area(box)
    assert all(_overlap(one, other) <= slack for one, other in combinations(boxes, 2))


def test_the_example_of_the_paper() -> None:
    boxes = squarify([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    rounded = [(one.x, one.y, one.width, one.height) for one in boxes[:4]]
    assert rounded == [
        pytest.approx(wanted)
        for wanted in [(0, 0, 3, 2), (0, 2, 3, 2), (3, 0, 12 / 7, 7 / 3), (33 / 7, 0, 9 / 7, 7 / 3)]
    ]


@settings(deadline=None)
@given(_FILES, st.sampled_from([PIXELS, CHARACTERS]), st.randoms(use_true_random=False))
def test_cells_lie_within_what_holds_them_and_beside_each_other(
    files: list[PackedFile], style: Style, random: object
) -> None:
    room = ROOM if style is PIXELS else Box(0, 0, 100, 40)
    cells = lay_out(_spent(files, rules=30), room, style)
    shut = [cell for cell in cells if not cell.is_open]
    assert all(_is_within(cell.box, room) for cell in cells)
    assert all(not _overlap(a.box, b.box) for a, b in combinations(shut, 2))
    for cell in cells:
        assert min(cell.box.width, cell.box.height) >= style.thinnest
        edges = (cell.box.x, cell.box.y, cell.box.width, cell.box.height)
        assert all(edge == int(edge) for edge in edges)
    for folder in (cell for cell in cells if cell.is_open):
        held = [c for c in shut if c.path.startswith(folder.path) and _overlap(c.box, folder.box)]
        assert held
        assert all(_is_within(cell.box, folder.box) for cell in held)
        assert sum(cell.tokens for cell in held) <= folder.tokens


@settings(deadline=None)
@given(_FILES)
def test_the_order_of_files_changes_nothing(files: list[PackedFile]) -> None:
    distinct = list({f"{file.repository}/{file.path}": file for file in files}.values())
    cells = lay_out(_spent(distinct), ROOM, PIXELS)
    assert lay_out(_spent(distinct[::-1]), ROOM, PIXELS) == cells


def _cells(files: Sequence[PackedFile], **parts: int) -> dict[str, Cell]:
    return {cell.path: cell for cell in lay_out(_spent(files, **parts), ROOM, PIXELS)}


def test_folders_hold_what_is_in_them() -> None:
    cells = _cells(
        [
            _file("src/app/main.py", 5000),
            _file("src/app/view.py", 3000, Detail.OUTLINE),
            _file("docs/guide/start.md", 2000),
            _file("a.png", 0, Detail.OMITTED, section=None),
        ],
        rules=500,
    )
    assert [(path, cell.name, cell.is_open) for path, cell in cells.items()] == [
        ("repo/", "repo/", True),
        ("repo/src/app/", "src/app/", True),
        ("repo/src/app/main.py", "main.py", False),
        ("repo/src/app/view.py", "view.py", False),
        ("repo/docs/guide/start.md", "docs/guide/start.md", False),
        ("rules", "rules", False),
    ]
    assert cells["repo/"].files == 3
    assert cells["repo/src/app/"].tokens == 8000
    assert cells["repo/src/app/"].details == ((Detail.FULL, 5000), (Detail.OUTLINE, 3000))
    assert cells["rules"].detail is None


def test_what_is_small_is_gathered() -> None:
    large = [_file(f"{n}.py", 10_000) for n in range(9)]
    small = [_file(f"small{n}.py", 20) for n in range(214)]
    cell = _cells([*large, *small])["repo/… 214 more files"]
    assert (cell.name, cell.files, cell.tokens) == ("… 214 more files", 214, 4280)


def test_the_rest_stands_last_where_it_is_the_largest() -> None:
    small = [_file(f"{n}.py", 100 + n % 3) for n in range(4000)]
    *_, rest = lay_out(_spent([_file("a.py", 20_000), *small]), ROOM, PIXELS)
    assert rest.name == "… 4,000 more files"
    assert rest.box.x + rest.box.width == ROOM.width - PIXELS.pad


def test_a_rest_too_small_to_see_takes_no_room() -> None:
    cells = _cells([_file("big.py", 10**6), *(_file(f"{n}.py", 1) for n in range(9))], task=6)
    assert list(cells) == ["repo/", "repo/big.py"]
    assert cells["repo/"].box == ROOM
    assert cells["repo/"].files == 10


def test_parts_that_are_small_are_gathered_by_name() -> None:
    rough = Style(head=1, flat_head=1, pad=0, open_width=9, open_height=9, smallest=99, thinnest=1)
    spent = _spent([_file("a.py", 1000)], rules=40, task=60)
    assert lay_out(spent, Box(0, 0, 40, 20), rough)[-1].name == "task, rules"


def test_a_cell_is_marked_where_all_of_it_is_new() -> None:
    cells = _cells(
        [
            _file("a.py", 500, section=SectionKind.OVERLAY),
            _file("b.py", 400, Detail.OUTLINE),
            _file("b.py", 900, section=SectionKind.FOCUS),
        ]
    )
    assert cells["repo/a.py"].mark is SectionKind.OVERLAY
    assert cells["repo/"].mark is None
    both = lay_out(
        _spent([_file("b.py", 4, Detail.OUTLINE), _file("b.py", 9, section=SectionKind.FOCUS)]),
        ROOM,
        PIXELS,
    )
    assert [(cell.tokens, cell.mark) for cell in both[1:]] == [(9, SectionKind.FOCUS), (4, None)]


def test_a_tooltip_says_all() -> None:
    cells = _cells(
        [_file("a.py", 1500, section=SectionKind.OVERLAY), _file("b.py", 500, Detail.OUTLINE)]
    )
    assert [tooltip(cell, 4000) for cell in cells.values()] == [
        "repo/: 2,000 tokens (50%), 2 files, 1.5k full, 500 outline, overlay",
        "repo/a.py: 1,500 tokens (38%), full, overlay",
        "repo/b.py: 500 tokens (12%), outline",
    ]


def test_there_are_never_too_many_cells() -> None:
    files = [_file(f"d{n % 50}/e{n % 400}/{n}.py", 10**8 // (n + 200)) for n in range(9000)]
    fine = Style(head=2, flat_head=2, pad=1, open_width=6, open_height=6, smallest=90, thinnest=1)
    cells = lay_out(_spent(files), ROOM, fine)
    assert 500 < len(cells) <= MOST_CELLS


def test_the_deepest_folders_are_no_danger() -> None:
    files = [_file("/".join(["a"] * depth + ["f"]), 10) for depth in range(700)]
    assert 1 < len(lay_out(_spent(files), ROOM, PIXELS)) < 100


@pytest.mark.parametrize("files", [[], [_file("a.py", 0)], [_file("a", 0, Detail.OMITTED)]])
def test_without_tokens_there_is_nothing_to_draw(files: list[PackedFile]) -> None:
    assert lay_out(_spent(files), ROOM, PIXELS) == ()
