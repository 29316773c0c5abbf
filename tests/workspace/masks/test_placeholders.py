from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from copilot.workspace.masks.placeholders import PLACEHOLDER, Mask, mask_text, unmask_text
from copilot.workspace.masks.span import Span

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PIECES = [
    "a",
    "Z",
    "_",
    "9",
    "M",
    "MASKED_",
    "MASKED_secret_",
    "0123456789abcdef",
    "abcdefabcdefabcd",
]
PIECES += [
    "MASKED_secret_0123456789abcdef",
    "hunter2",
    "\n",
    "\r\n",
    "é",
    "\ud800",
    " ",
    '"',
    "_secret_",
]

texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)


@st.composite
def texts_with_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return text, [Span(start, end, "password") for start, end in pairs]


@given(texts_with_spans())
def test_unmask_undoes_mask(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    masked, masks = mask_text(text, spans, KEY)
    assert unmask_text(masked, masks) == text


@given(texts_with_spans(), texts)
def test_more_masks_than_a_text_has_change_nothing(
    case: tuple[str, list[Span]], other: str
) -> None:
    text, spans = case
    masked, masks = mask_text(text, spans, KEY)
    _, more = mask_text(other, [Span(0, len(other), "token")] if other else [], KEY)
    assert unmask_text(masked, [*more, *masks]) == text


@given(texts_with_spans())
def test_all_of_a_placeholders_shape_in_a_masked_text_is_ours(case: tuple[str, list[Span]]) -> None:
    masked, masks = mask_text(*case, KEY)
    assert set(PLACEHOLDER.findall(masked)) <= {mask.placeholder for mask in masks}


def test_a_value_has_one_placeholder_everywhere() -> None:
    one, (first,) = mask_text('a = "s3cret!"', [Span(5, 12, "password")], KEY)
    two, (second, third) = mask_text("s3cret!\ns3cret!", [Span(0, 7, "url"), Span(8, 15, "x")], KEY)
    assert first.placeholder == second.placeholder == third.placeholder
    assert one == f'a = "{first.placeholder}"'
    assert two == f"{first.placeholder}\n{first.placeholder}"
    assert (second.line, third.line, second.kind) == (1, 2, "url")


def test_a_placeholder_tells_nothing_without_the_key() -> None:
    spans = [Span(0, 7, "password")]
    _, (ours,) = mask_text("s3cret!", spans, KEY)
    _, (theirs,) = mask_text("s3cret!", spans, OTHER_KEY)
    assert ours.placeholder != theirs.placeholder
    assert "s3cret!" not in repr(ours)


def test_a_placeholder_is_one_word_that_names_the_kind_of_a_known_key() -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7cF0xR3uI6"
    _, (mask,) = mask_text(token, [Span(0, len(token), "token")], KEY)
    assert re.fullmatch(r"MASKED_github_token_[0-9a-f]{16}", mask.placeholder)
    assert re.fullmatch(r"\w+", mask.placeholder, re.ASCII)


def test_what_looks_like_a_placeholder_never_becomes_a_secret() -> None:
    _, masks = mask_text("s3cret!", [Span(0, 7, "password")], KEY)
    forged = f"echo {masks[0].placeholder}"
    masked, escaped = mask_text(forged, [], KEY)
    assert masked != forged
    assert [mask.kind for mask in escaped] == ["placeholder"]
    assert unmask_text(masked, [*masks, *escaped]) == forged


def test_unknown_placeholders_stay() -> None:
    mask = Mask(1, "password", "MASKED_secret_0123456789abcdef", "s3cret!")
    unknown = "MASKED_secret_0123456789abcdee MASKED_secret_0123456789abcde"
    assert unmask_text(unknown, [mask]) == unknown
    assert unmask_text(f"x{mask.placeholder}y0", [mask]) == "xs3cret!y0"
    assert unmask_text(unknown, []) == unknown


def test_values_are_put_back_as_they_are() -> None:
    text = r"\1\g<0>$&"
    masked, masks = mask_text(text, [Span(0, len(text), "password")], KEY)
    assert unmask_text(masked, masks) == text


def test_lines_are_counted_by_line_feeds_alone() -> None:
    text = "a\r\n\x0b\u2028\nsecret\n\nsecret"
    at = text.index("secret")
    spans = [Span(at, at + 6, "token"), Span(len(text) - 6, len(text), "token")]
    assert [mask.line for mask in mask_text(text, spans, KEY)[1]] == [3, 5]
