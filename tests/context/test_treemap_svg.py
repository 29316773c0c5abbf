"""The picture: well-formed whatever names say, its text within its boxes, the same bytes again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot.context.model import Detail, PackedFile, SectionKind
from copilot.context.treemap_figures import Spent
from copilot.context.treemap_svg import HEIGHT, WIDTH, treemap_svg

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><a href='javascript:x'>&amp;&#0;]]>",
    "\x00\x07\x1b[31m\x7f\x85\t\n\r",
    "\u202egnp.exe\u2066\u200f\ufeff",
    "\udcff\ud800\ufffe\uffff",
    "名" * 300,
    "a\u0301" * 300,
    "{{task}} %s {0} url(#x)",
)
NAMES = st.text(
    st.one_of(st.characters(), st.sampled_from("<>&\"'\x00\x1b\u202e\ud800")), max_size=40
)
_SVG = "{http://www.w3.org/2000/svg}"


def _file(
    path: str,
    tokens: int,
    detail: Detail = Detail.FULL,
    section: SectionKind = SectionKind.BASE,
    reason: str = "tracked",
) -> PackedFile:
    left_out = detail is Detail.OMITTED
    kind = None if left_out else section
    return PackedFile("repo", path, None, kind, detail, 0 if left_out else tokens, reason)


def _spent(files: Sequence[PackedFile]) -> Spent:
    parts = {"rules": 212, "task": 845}
    total = sum(file.tokens for file in files) + sum(parts.values())
    return Spent(tuple(files), total, 2 * total, parts)


@pytest.fixture(scope="module")
def picture() -> str:
    details = [Detail.FULL, Detail.FULL, Detail.OUTLINE, Detail.PATH, Detail.OMITTED]
    files = [
        _file(
            f"{'src' if n % 3 else 'tests'}/part_{n % 11}/module_{n}.py",
            10**6 // (n + 9),
            details[n % 5],
            reason="over budget",
        )
        for n in range(1500)
    ]
    files += [_file("src/app.py", 30_000, section=SectionKind.OVERLAY)]
    files += [_file("tests/test_app.py", 60_000, section=SectionKind.FOCUS)]
    return treemap_svg(_spent(files))


def _texts(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter(f"{_SVG}text")]  # noqa: S314


def test_it_says_where_the_tokens_went(picture: str) -> None:
    texts = _texts(picture)
    assert texts[0].startswith("Where ")
    assert texts[1].startswith("50% of the budget of ")
    legend = " | ".join(texts[2:9])
    for words in ("full: 602 files, ", "outline: 300 files, ", "path only: 300 files, "):
        assert words in legend
    for words in ("rules 212, task 845", "overlay: 1 file, 30k", "focus: 1 file, 60k"):
        assert words in legend
    assert "left out: 300 files (300 over budget)" in legend
    assert {"repo/", "src/", "tests/", "app.py", "30k overlay", "60k focus"} <= set(texts)


def test_each_level_of_detail_has_a_pattern_of_its_own(picture: str) -> None:
    for look in ("full", "outline", "path", "mark overlay", "mark focus", "folder"):
        assert f'class="{look}"/>' in picture
    assert ".outline { fill: url(#copilot-outline); }" in picture
    assert ".path { fill: url(#copilot-path);" in picture


def test_every_box_has_a_tooltip_and_there_are_few_enough(picture: str) -> None:
    groups = list(ElementTree.fromstring(picture).iter(f"{_SVG}g"))  # noqa: S314
    assert 100 < len(groups) <= 2000
    for group in groups:
        assert re.search(r"[\d,]+ tokens \(", group.findtext(f"{_SVG}title", ""))
    assert len(picture) < 250_000


def test_it_needs_nothing_from_elsewhere(picture: str) -> None:
    assert re.findall(r"(?:href|src)=|@import|<script|<image|<foreignObject", picture) == []
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]


def test_text_stands_within_its_box_and_on_no_other_text(picture: str) -> None:
    places = []
    for group in ElementTree.fromstring(picture).iter(f"{_SVG}g"):  # noqa: S314
        box = group.find(f"{_SVG}rect")
        assert box is not None
        left, top = float(box.attrib["x"]), float(box.attrib["y"])
        right, bottom = left + float(box.attrib["width"]), top + float(box.attrib["height"])
        for text in group.iter(f"{_SVG}text"):
            size = float(text.attrib.get("font-size", "12"))
            # Letters of usual fonts are a little more than half as wide as high.
            width = len("".join(text.itertext())) * size * 0.56
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            x -= width if text.attrib.get("text-anchor") == "end" else 0
            assert left <= x
            assert x + width <= right + 1
            assert top <= y - size * 0.8
            assert y + size * 0.2 <= bottom + 1
            places.append((x, y - size * 0.8, x + width, y + size * 0.2))
    assert len(places) > 100
    for one, other in combinations(places, 2):
        beside = one[2] <= other[0] or other[2] <= one[0]
        assert beside or one[3] <= other[1] or other[3] <= one[1], (one, other)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text_and_nothing_else(name: str) -> None:
    files = [_file(f"src/{name}", 900), _file(f"{name}/b.py", 800), _file(f"{name}/c", 700)]
    files += [_file("x", 0, Detail.OMITTED, reason=name)]
    spent = Spent(tuple(files), 2400, None, {name: 30})
    svg = treemap_svg(spent)
    root = ElementTree.fromstring(svg.encode())  # noqa: S314
    kinds = {element.tag.removeprefix(_SVG) for element in root.iter()}
    assert kinds <= {"svg", "style", "defs", "pattern", "rect", "circle", "g", "title", "text"}
    shown = "".join(root.itertext())
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200f\u202e\u2066\ufeff]", shown) == []


@settings(deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(0, 9000), st.sampled_from(Detail)), max_size=12))
def test_it_is_well_formed_whatever_names_say(rows: list[tuple[str, int, Detail]]) -> None:
    files = [_file(name, tokens, detail, reason=name) for name, tokens, detail in rows]
    svg = treemap_svg(_spent(files))
    root = ElementTree.fromstring(svg.encode())  # noqa: S314
    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    assert treemap_svg(_spent(files[::-1])) == treemap_svg(_spent(files[::-1]))


def test_an_empty_prompt_has_a_picture() -> None:
    assert _texts(treemap_svg(Spent((), 0))) == ["Where 0 tokens went"]
