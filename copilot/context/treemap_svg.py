"""The treemap as a picture: SVG of 1,200 pixels that needs no script, no font and no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from unicodedata import east_asian_width

from copilot.context.model import Detail
from copilot.context.treemap import Box, Cell, Style, lay_out, tooltip
from copilot.context.treemap_figures import (
    Spent,
    left_out_words,
    share,
    short,
    spent_by_detail,
    spent_by_mark,
)
from copilot.text import one_line

WIDTH, HEIGHT = 1200, 860
_MARGIN = 16
_STYLE = Style(
    head=20, flat_head=20, pad=3, open_width=72, open_height=56, smallest=420, thinnest=4, tall=1.4
)
_NARROW = frozenset("fijlrtI.,:;'|!()[]/ -\\")
_WIDE = frozenset("mwMW%@…")
# Letters in pixels: of the legend, of a folder's head, and of a file's label as it has room.
_LEGEND_SIZE = 13
_HEAD_SIZE = 12
_SIZES = (16, 14, 12, 11)
_MOST_LINES = 3
_LEAST_LETTERS = 4
_LEAST_REST = 2
# Beyond what `one_line` escapes, XML knows no such characters.
_NO_XML = re.compile("[\ufffe\uffff]")
_LOOKS = {Detail.FULL: "full", Detail.OUTLINE: "outline", Detail.PATH: "path", None: "part"}
_HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" \
height="{HEIGHT}" xml:space="preserve" \
font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">
<style>
text {{ fill: #17212b; unicode-bidi: isolate; }}
.title {{ font-size: 20px; font-weight: 600; }}
.legend {{ font-size: 13px; }}
.quiet {{ fill: #52606d; }}
.head {{ font-size: 12px; font-weight: 600; }}
.figure {{ font-size: 12px; }}
.bar {{ fill: #ffffff; stroke: #9aa5b1; }}
.folder {{ fill: #eef1f5; stroke: #9aa5b1; }}
.full {{ fill: #1f66a5; }}
.outline {{ fill: url(#copilot-outline); }}
.path {{ fill: url(#copilot-path); stroke: #b59a5a; stroke-width: .6; }}
.part {{ fill: #4a4458; }}
.light {{ fill: #ffffff; }}
.mark {{ fill: none; stroke: #e66100; stroke-width: 2.5; }}
.focus {{ stroke-dasharray: 5 3; }}
</style>
<defs>
<pattern id="copilot-outline" width="7" height="7" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><rect width="7" height="7" fill="#b9d9f0"/>\
<rect width="1.6" height="7" fill="#93bfe0"/></pattern>
<pattern id="copilot-path" width="6" height="6" patternUnits="userSpaceOnUse">\
<rect width="6" height="6" fill="#fbf5e3"/><circle cx="3" cy="3" r=".9" fill="#d9c489"/></pattern>
</defs>
"""


def treemap_svg(spent: Spent) -> str:
    """Return the picture as an SVG document; the same input gives the same bytes."""
    legend, top = _legend(spent)
    room = Box(_MARGIN, top, WIDTH - 2 * _MARGIN, HEIGHT - top - _MARGIN)
    lines = [
        f'<rect x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8" fill="#ffffff" '
        'stroke="#cbd2d9"/>\n',
        *_title(spent),
        *_bar(spent),
        *legend,
        *(_cell(cell, spent.total_tokens) for cell in lay_out(spent, room, _STYLE)),
    ]
    return f"{_HEAD}{''.join(lines)}</svg>\n"


def _title(spent: Spent) -> Iterator[str]:
    yield _text(_MARGIN, 34, f"Where {short(spent.total_tokens)} tokens went", "title")
    about = ""
    if spent.budget:
        part = share(spent.total_tokens, spent.budget)
        about = f"{part} of the budget of {short(spent.budget)}"
    yield _text(WIDTH - _MARGIN, 34, about, "legend quiet", anchor="end")


def _bar(spent: Spent) -> Iterator[str]:
    """Yield a bar as long as the budget, or as all tokens, in the shades of what fills it."""
    whole = WIDTH - 2 * _MARGIN
    scale = whole / max(spent.total_tokens, spent.budget or 0, 1)
    yield _rect(Box(_MARGIN, 48, whole, 12), "bar")
    x = float(_MARGIN)
    for detail, _, tokens in spent_by_detail(spent):
        yield _rect(Box(round(x, 1), 48, round(tokens * scale, 1), 12), _LOOKS[detail])
        x += tokens * scale


def _legend(spent: Spent) -> tuple[list[str], int]:
    """Return the legend and where it ends: what each shade and mark stands for, with figures."""
    items = [(words, _LOOKS[detail]) for detail, words, _ in spent_by_detail(spent)]
    items += [(words, f"mark {kind}") for kind, words in spent_by_mark(spent)]
    items += [(words, "") for words in [left_out_words(spent)] if words]
    lines: list[str] = []
    x, y = _MARGIN, 72
    for words, look in items:
        needed = 21 * bool(look) + _text_width(words, _LEGEND_SIZE)
        if x > _MARGIN and x + needed > WIDTH - _MARGIN:
            x, y = _MARGIN, y + 22
        if look:
            lines.append(_rect(Box(x, y, 14, 14), look))
            lines.append(_text(x + 21, y + 12, words, "legend"))
        else:
            shown = _cut(words, WIDTH - 2 * _MARGIN, _LEGEND_SIZE)
            lines.append(_text(x, y + 12, shown, "legend quiet"))
        x += round(needed) + 20
    return lines, y + 26


def _cell(cell: Cell, total: int) -> str:
    """Return a cell with its tooltip and as much of its label as has room."""
    box = cell.box
    inner = Box(box.x, box.y, box.width - 1, box.height - 1)
    look = "folder" if cell.is_open else _LOOKS[cell.detail]
    shapes = [_rect(inner, look)]
    if cell.mark and not cell.is_open:
        edge = Box(box.x + 1.5, box.y + 1.5, max(box.width - 4, 1), max(box.height - 4, 1))
        shapes.append(_rect(edge, f"mark {cell.mark}"))
    shapes += _head(cell, total) if cell.is_open else _label(cell)
    title = f"<title>{_xml(tooltip(cell, total))}</title>"
    return f"<g>{title}{''.join(shapes)}</g>\n"


def _head(cell: Cell, total: int) -> Iterator[str]:
    """Yield an open folder's name and as many of its figures as have room beside it."""
    box, tokens = cell.box, short(cell.tokens)
    room = box.width - 13
    name = _cut(cell.name, room, _HEAD_SIZE, bold=True)
    yield _text(box.x + 6, box.y + 14, name, "head")
    room -= _text_width(f"{name}  ", _HEAD_SIZE, bold=True)
    for figures in (f"{tokens} · {share(cell.tokens, total)}", tokens):
        if _text_width(figures, _HEAD_SIZE) <= room:
            yield _text(box.x + box.width - 7, box.y + 14, figures, "figure quiet", anchor="end")
            return


def _label(cell: Cell) -> Iterator[str]:
    """Yield a name, broken into lines where that helps, and its tokens below or beside it."""
    box, figure = cell.box, short(cell.tokens)
    look = "light" if cell.detail in {Detail.FULL, None} else "dark"
    room = box.width - 10
    size = next((size for size in _SIZES if _has_room(cell.name, box, size)), _SIZES[-1])
    lines = _broken(cell.name, room, size, most=int((box.height - size - 8) // (size + 3)))
    if not lines or box.height < size + 6:
        return
    if cell.mark and _fits(f"{figure} {cell.mark}", room, size):
        figure += f" {cell.mark}"
    beside = _text_width(f"{lines[0]}  ", size)
    if box.height >= 2 * size + 10 and _fits(figure, room, size):
        lines.append(figure)
    elif _fits(figure, room - beside, size):
        yield _text(round(box.x + 5 + beside), box.y + size + 3, figure, look, size=size)
    for number, line in enumerate(lines):
        yield _text(box.x + 5, box.y + (number + 1) * (size + 3), line, look, size=size)


def _has_room(name: str, box: Box, size: int) -> bool:
    return box.height >= 4 * size and _text_width(name, size) <= box.width - 12


def _broken(name: str, room: float, size: int, most: int) -> list[str]:
    """Return a name in at most `most` lines, but one at least; a mark shows where it is cut."""
    lines: list[str] = []
    while len(lines) < min(most - 1, _MOST_LINES) and not _fits(name, room, size):
        fits = max((n for n in range(min(len(name), 60)) if _fits(name[:n], room, size)), default=0)
        if fits < _LEAST_LETTERS:
            break
        ends = (n for n in range(fits // 2, fits + 1) if _may_break(name, n))
        end = max(ends, default=fits)
        if len(name) - end < _LEAST_REST:
            break
        lines.append(name[:end])
        name = name[end:]
    if rest := _cut(name, room, size):
        return [*lines, rest]
    return [*lines[:-1], f"{lines[-1][:-1]}…"] if lines else []


def _may_break(name: str, place: int) -> bool:
    return place > 0 and (name[place - 1] in "_-/ " or name[place] == ".")


def _fits(text: str, room: float, size: int) -> bool:
    return _text_width(text, size) <= room


def _text(
    x: float, y: float, words: str, look: str, *, size: int | None = None, anchor: str = ""
) -> str:
    """Return a line of text, nothing for no words."""
    if not words:
        return ""
    extra = f' font-size="{size}"' if size else ""
    extra += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:g}" y="{y:g}" class="{look}"{extra}>{_xml(words)}</text>'


def _rect(box: Box, look: str) -> str:
    size = f'width="{box.width:g}" height="{box.height:g}"'
    return f'<rect x="{box.x:g}" y="{box.y:g}" {size} class="{look}"/>'


def _xml(text: str) -> str:
    """Return a text that stands for itself in XML, whatever it holds."""
    return escape(_NO_XML.sub("\ufffd", one_line(text)))


def _cut(text: str, room: float, size: int, *, bold: bool = False) -> str:
    """Return as much of a text as has room, with a mark where it is cut; nothing of too little."""
    if _text_width(text, size, bold=bold) <= room:
        return text
    for end in range(min(len(text), 200) - 1, _LEAST_LETTERS - 1, -1):
        if _text_width(f"{text[:end]}…", size, bold=bold) <= room:
            return f"{text[:end].rstrip()}…"
    return ""


def _text_width(text: str, size: int, *, bold: bool = False) -> float:
    """Return how wide a text is at most, in pixels; letters are as wide as in DejaVu Sans."""
    ems = sum(_ems(character) for character in text)
    return ems * size * (1.12 if bold else 1)


def _ems(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _WIDE or not character.isascii():
        return 1.1 if east_asian_width(character) in {"W", "F"} else 1.0
    return 0.78 if character.isupper() else 0.64
