"""Draw docs/images/review.svg, the picture in the README: python docs/pictures.py

The picture is a screenshot of the real review screen on a small made-up change.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from copilot.edits.changes import ChangeSet, FileChange
from copilot.review.state import start
from copilot.tui.review_app import ReviewApp

IMAGES = Path(__file__).parent / "images"
SIZE = (116, 32)
TASK = "page_count() is one too high when the items fill the last page"

PAGINATION_BEFORE = b'''\
"""Split long lists into pages."""

def page_count(items: int, size: int) -> int:
    """Return how many pages are needed to show all items."""
    return items // size + 1


def page(items: list[str], number: int, size: int) -> list[str]:
    """Return the items of one page; pages count from 1."""
    first = (number - 1) * size
    return items[first : first + size]
'''

PAGINATION_AFTER = PAGINATION_BEFORE.replace(
    b"    return items // size + 1\n",
    b"""\
    if size < 1:
        raise ValueError("size must be at least 1")
    return -(-items // size)  # rounds up
""",
).replace(b"    first = (number - 1) * size\n", b"    first = max(0, number - 1) * size\n")

TESTS_BEFORE = b"""\
from shop.pagination import page, page_count


def test_last_page_is_short() -> None:
    assert page(list("abcde"), 3, size=2) == ["e"]
"""

TESTS_AFTER = (
    TESTS_BEFORE
    + b"""

def test_full_last_page_adds_no_page() -> None:
    assert page_count(40, size=20) == 2
    assert page_count(41, size=20) == 3
"""
)

CHANGES = ChangeSet(
    (
        FileChange("shop", "shop/pagination.py", PAGINATION_BEFORE, PAGINATION_AFTER),
        FileChange("shop", "tests/test_pagination.py", TESTS_BEFORE, TESTS_AFTER),
    )
)


async def review_picture() -> str:
    """Return the SVG: the first hunk accepted, the second rejected, the third open."""
    app = ReviewApp(start(CHANGES), TASK)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("a", "]", "r")
        await pilot.pause()
        return app.export_screenshot(title="copilot edit", simplify=True)


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "review.svg").write_text(asyncio.run(review_picture()), encoding="utf-8")
