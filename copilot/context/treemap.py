"""Where a prompt's tokens went: nested boxes, one for each file or folder, as large as its tokens.

The layout is the squarified treemap of Bruls, Huizing and van Wijk (2000). It knows nothing of
pixels or characters: a box is measured in units, and a `Style` says how many a head needs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from copilot.context.model import Detail, SectionKind
from copilot.context.treemap_figures import MARKED, Spent, counted, share, short
from copilot.text import one_line

MOST_CELLS = 2000


@dataclass(frozen=True)
class Box:
    """A rectangle; `x` and `y` are its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Style:
    """How boxes are drawn, in units; a unit is `tall` times as high as it is wide.

    An open folder has a head of `head` units, of `flat_head` if it holds files alone, and `pad`
    units at its other edges; it is drawn open from `open_width` and `open_height` on. What is
    smaller than `smallest` (an area) is gathered, what is thinner than `thinnest` is not drawn.
    """

    head: int
    flat_head: int
    pad: int
    open_width: int
    open_height: int
    smallest: float
    thinnest: int
    tall: float = 1.0


@dataclass(frozen=True)
class Cell:
    """A box to draw, on whole units: an open folder, whose contents follow it, or anything else.

    `name` is as short as its place allows, `path` whole and with alias, both safe to show. A cell
    of many files has the tokens of each level of detail; a part that is no file has none.
    """

    box: Box
    name: str
    path: str
    tokens: int
    files: int
    is_open: bool = False
    details: tuple[tuple[Detail, int], ...] = ()
    sections: frozenset[SectionKind] = frozenset()

    @property
    def detail(self) -> Detail | None:
        """The level of detail that most of its tokens have."""
        return max(self.details, key=lambda pair: pair[1])[0] if self.details else None

    @property
    def mark(self) -> SectionKind | None:
        """The section of all its files, if that is one to mark."""
        return next((kind for kind in MARKED if self.sections == {kind}), None)


def lay_out(spent: Spent, box: Box, style: Style) -> tuple[Cell, ...]:
    """Return at most 2,000 cells, a folder before what is in it; the same input, the same cells."""
    leaves = [
        _Leaf((file.repository, *file.path.split("/")), file.tokens, file.detail, file.section)
        for file in spent.files
        if file.tokens > 0
    ]
    leaves += [_Leaf((name,), tokens) for name, tokens in spent.parts.items() if tokens > 0]
    smallest = style.smallest
    while True:
        cells = tuple(_contents(_Node(tuple(leaves)), box, style, smallest))
        if len(cells) <= MOST_CELLS:
            return cells
        smallest *= 1.5


def squarify(sizes: Sequence[float], box: Box) -> list[Box]:
    """Return a box for each size, as square as may be; together they fill `box`.

    Sizes are positive; the largest come first for the best shapes.
    """
    placed: list[Box] = []
    scale = box.width * box.height / (sum(sizes) or 1)
    areas = [size * scale for size in sizes]
    start = 0
    while start < len(areas):
        side = min(box.width, box.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(
            areas[start:end], side
        ):
            end += 1
        row, box = _row(areas[start:end], box)
        placed += row
        start = end
    return placed


def tooltip(cell: Cell, total: int) -> str:
    """Return all that a cell stands for, on one line."""
    details = [f"{short(n)} " * (len(cell.details) > 1) + str(d) for d, n in cell.details]
    marks = [str(kind) for kind in MARKED if kind in cell.sections]
    files = [counted(cell.files)] if cell.files > 1 else []
    figures = f"{cell.tokens:,} tokens ({share(cell.tokens, total)})"
    return f"{cell.path}: {', '.join([figures, *files, *details, *marks])}"


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A file, or a part that is no file (without `detail`), by the parts of its name."""

    parts: tuple[str, ...]
    tokens: int
    detail: Detail | None = None
    section: SectionKind | None = None


@dataclass(frozen=True)
class _Node:
    """A file, a folder, or the rest of a folder: leaves whose names begin with `depth` same parts.

    The first `above` of these parts are those of the folder that holds it.
    """

    leaves: tuple[_Leaf, ...]
    depth: int = 0
    above: int = 0
    is_folder: bool = True
    is_rest: bool = False

    @cached_property
    def tokens(self) -> int:
        return sum(leaf.tokens for leaf in self.leaves)

    @property
    def name(self) -> str:
        if self.is_rest:
            files = sum(leaf.detail is not None for leaf in self.leaves)
            parts = ", ".join(leaf.parts[-1] for leaf in self.leaves)
            return f"… {files:,} more file{'s' * (files > 1)}" if files else parts
        return "/".join(self.leaves[0].parts[self.above : self.depth]) + "/" * self.is_folder

    @property
    def path(self) -> str:
        holder = "".join(f"{part}/" for part in self.leaves[0].parts[: self.above])
        return holder + self.name

    def children(self) -> Iterator[_Node]:
        """Yield what is in a folder; one that holds a single file or folder is one with it."""
        folders: defaultdict[str, list[_Leaf]] = defaultdict(list)
        for leaf in self.leaves:
            if len(leaf.parts) == self.depth + 1:
                yield _Node((leaf,), self.depth + 1, self.depth, is_folder=False)
            else:
                folders[leaf.parts[self.depth]].append(leaf)
        for below in folders.values():
            if len(below) == 1:
                yield _Node((below[0],), len(below[0].parts), self.depth, is_folder=False)
            else:
                yield _Node(tuple(below), _common(below), self.depth)


def _common(leaves: Sequence[_Leaf]) -> int:
    """Return how many folders all names begin with alike."""
    folders = [leaf.parts[:-1] for leaf in leaves]
    first, last = min(folders), max(folders)
    pairs = enumerate(zip(first, last, strict=False))
    return next((n for n, (one, other) in pairs if one != other), min(len(first), len(last)))


def _contents(folder: _Node, box: Box, style: Style, smallest: float) -> Iterator[Cell]:
    """Yield the cells in a folder's box; none if all that is in it is too small."""
    children = sorted(folder.children(), key=lambda child: (-child.tokens, child.name))
    least = smallest * folder.tokens / max(box.width * box.height, 1)
    large = [child for child in children if child.tokens >= least]
    small = tuple(leaf for child in children[len(large) :] for leaf in child.leaves)
    if not large:
        return
    rest: _Node | None = _Node(small, folder.depth, folder.depth, is_folder=False, is_rest=True)
    if len(children) <= len(large) + 1:
        large, rest = children, None
    places = _placed(large, rest, least, box, style)
    if rest and any(node is rest and not _is_seen(place, style) for node, place in places):
        places = _placed(large, None, least, box, style)
    for child, place in places:
        if _is_seen(place, style):
            yield from _cells(child, place, style, smallest)


def _placed(
    large: Sequence[_Node], rest: _Node | None, least: float, box: Box, style: Style
) -> list[tuple[_Node, Box]]:
    """Return each node with its box on whole units; the rest has a size of `least` at least."""
    rows: list[tuple[float, _Node]] = [(node.tokens, node) for node in large]
    total = sum(size for size, _ in rows)
    room = Box(box.x, box.y * style.tall, box.width, box.height * style.tall)
    last: list[Box] = []
    if rest and (size := max(rest.tokens, least)) < max(rows[0][0], total / 4):
        rows = sorted([*rows, (size, rest)], key=lambda row: -row[0])
    elif rest:
        # What is of least interest stands last, even where it is the largest.
        (room,), behind = _row([room.width * room.height * total / (total + size)], room)
        last = [behind]
    boxes = [*squarify([size for size, _ in rows], room), *last]
    nodes = [*(node for _, node in rows), *([rest] if rest and last else [])]
    return [(node, _whole(one, style)) for node, one in zip(nodes, boxes, strict=True)]


def _is_seen(box: Box, style: Style) -> bool:
    return min(box.width, box.height) >= style.thinnest


def _cells(node: _Node, box: Box, style: Style, smallest: float) -> Iterator[Cell]:
    """Yield a node's cell and, if it is a folder with room enough, those of what is in it."""
    inside: list[Cell] = []
    if node.is_folder and box.width >= style.open_width and box.height >= style.open_height:
        is_flat = all(len(leaf.parts) == node.depth + 1 for leaf in node.leaves)
        head = style.flat_head if is_flat else style.head
        height = box.height - head - style.pad
        room = Box(box.x + style.pad, box.y + head, box.width - 2 * style.pad, height)
        inside = list(_contents(node, room, style, smallest))
    yield _cell(node, box, is_open=bool(inside))
    yield from inside


def _cell(node: _Node, box: Box, *, is_open: bool) -> Cell:
    details: Counter[Detail] = Counter()
    for leaf in node.leaves:
        if leaf.detail:
            details[leaf.detail] += leaf.tokens
    return Cell(
        box,
        one_line(node.name),
        one_line(node.path),
        node.tokens,
        sum(leaf.detail is not None for leaf in node.leaves),
        is_open,
        tuple((detail, details[detail]) for detail in Detail if detail in details),
        frozenset(leaf.section for leaf in node.leaves if leaf.section),
    )


def _whole(box: Box, style: Style) -> Box:
    """Return a box on whole units, whose edges meet those of its neighbours as before."""
    left, top = round(box.x), round(box.y / style.tall)
    right, bottom = round(box.x + box.width), round((box.y + box.height) / style.tall)
    return Box(left, top, right - left, bottom - top)


def _worst(row: Sequence[float], side: float) -> float:
    """Return the worst ratio of sides among the areas of a row along a side."""
    total = sum(row)
    return max(side**2 * row[0] / total**2, total**2 / (side**2 * row[-1] or 1e-9))


def _row(areas: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """Return the boxes of a row along the shorter side, and the box that is left."""
    total = sum(areas)
    boxes: list[Box] = []
    if box.width >= box.height:
        thick, y = min(total / (box.height or 1), box.width), box.y
        for area in areas:
            boxes.append(Box(box.x, y, thick, area / (thick or 1)))
            y += boxes[-1].height
        return boxes, Box(box.x + thick, box.y, box.width - thick, box.height)
    thick, x = min(total / (box.width or 1), box.height), box.x
    for area in areas:
        boxes.append(Box(x, box.y, area / (thick or 1), thick))
        x += boxes[-1].width
    return boxes, Box(box.x, box.y + thick, box.width, box.height - thick)
