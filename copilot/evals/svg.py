"""Pieces of SVG pictures that need no script, no font and no network."""

from __future__ import annotations

from html import escape

from copilot.text import one_line

# What one_line leaves, and no XML may hold.
_NO_XML = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")
INK, QUIET = "#17212b", "#52606d"
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def document(width: int, height: int, lines: list[str]) -> str:
    """Return a picture on white, of lines that each end."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{_FONTS}">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    )
    return f"{head}{''.join(lines)}</svg>\n"


def text(
    x: float,
    y: float,
    words: str,
    size: int,
    *,
    ink: str = INK,
    anchor: str = "",
    weight: int | None = None,
) -> str:
    """Return a line of text, made harmless."""
    extra = f' text-anchor="{anchor}"' if anchor else ""
    extra += f' font-weight="{weight}"' if weight else ""
    said = escape(one_line(words)).translate(_NO_XML)
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{ink}"{extra}>{said}</text>\n'


def stroke(
    x: float, y: float, to_x: float, to_y: float, look: str, width: float, dash: str = ""
) -> str:
    """Return a straight line; `dash` is SVG's own list of lengths."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{look}" '
        f'stroke-width="{width}"{dashed}/>\n'
    )
