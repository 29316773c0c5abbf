"""Markdown read while it streams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copilot.tui.session.lines import PIECE, Line, MarkdownReader, Numbers


def read(text: str) -> list[Line]:
    reader = MarkdownReader(Numbers())
    return [*reader.feed(text), *reader.end()]


def kinds(text: str) -> list[str]:
    return [line.kind for line in read(text)]


_MARKDOWN = st.lists(
    st.sampled_from(
        ["# a", "```python", "```", "~~~", "| a | b |", "|---|---|", "- item", "> quote", "", "---",
         "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "  1. one", "text **bold**", "x" * 9000,
         "\x1b[31m", "\ttab", "a\r"]
    ),
    max_size=12,
)  # fmt: skip


@given(_MARKDOWN, st.lists(st.integers(1, 4000), max_size=20))
def test_pieces_that_stream_give_the_lines_of_the_whole(parts: list[str], cuts: list[int]) -> None:
    text = "\n".join(parts)
    reader = MarkdownReader(Numbers())
    lines: list[Line] = []
    at = 0
    for cut in [*cuts, len(text)]:
        lines += reader.feed(text[at : at + cut])
        reader.begun()
        at += cut
    lines += [*reader.feed(text[at:]), *reader.end()]
    assert joined(lines) == joined(read(text))
    assert all(len(line.text) <= PIECE for line in lines)


def joined(lines: list[Line]) -> list[str]:
    """Return the whole lines: where a long one is cut depends on how it came."""
    out: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on:
            out[-1] += line.text
        else:
            out.append(f"{line.kind} {line.text}")
        goes_on = line.goes_on
    return out


def test_code_keeps_its_text_and_number() -> None:
    lines = read("```py\n# no heading\n\n- no item\n```\nafter\n~~~\n```\n~~~\n")
    assert lines[:4] == [
        Line("fence", "py", "", 1),
        Line("code", "# no heading", "│ ", 1),
        Line("code", "", "│ ", 1),
        Line("code", "- no item", "│ ", 1),
    ]
    assert lines[4:] == [
        Line("text", "after"), Line("fence", "", "", 2), Line("code", "```", "│ ", 2),
    ]  # fmt: skip


def test_code_in_a_list_loses_the_list_s_indentation() -> None:
    lines = read("1. so\n   ```\n   a\n     b\n   ```\n")
    assert [line.text for line in lines[2:]] == ["a", "  b"]


def test_edit_blocks_show_what_goes_and_what_comes() -> None:
    text = "<<<<<<< SEARCH\n# old\n=======\n# new\n>>>>>>> REPLACE\n# title\n"
    assert kinds(text) == ["marker", "removed", "marker", "added", "marker", "heading"]
    assert kinds("<<<<<<< CREATE\nx\n>>>>>>> END\n") == ["marker", "added", "marker"]


def test_table_is_filled_to_one_width() -> None:
    lines = read("| a | b |\n|:--|--:|\n| long | **x** |\n| 日本 | y |\nend")
    assert [line.text for line in lines] == [
        "a    │ b", "────────", "long │ **x**", "日本 │ y", "end",
    ]  # fmt: skip


def test_bars_in_cells_and_far_too_many_cells() -> None:
    assert read("| a \\| b | c |\n|--|--|\n| d | e |\n")[2].text == "d     │ e"
    wide = "|" * 3000
    assert [line.text for line in read(f"{wide}\n|-|-|\n{wide}\n")] == [wide, "|-|-|", wide]


def test_pipes_without_a_table_stay_as_they_are() -> None:
    assert [line.text for line in read("| not a table\nor | so")] == ["| not a table", "or | so"]


def test_line_that_has_only_begun_is_shown_and_not_final() -> None:
    reader = MarkdownReader(Numbers())
    assert reader.feed("## Tit") == []
    assert reader.begun() == [Line("heading", "Tit", level=2)]
    assert reader.feed("le\n") == [Line("heading", "Title", level=2)]


def test_line_of_a_megabyte_comes_in_pieces() -> None:
    lines = read("a" * 1_000_000)
    assert "".join(line.text for line in lines) == "a" * 1_000_000
    assert [line.goes_on for line in lines[-2:]] == [True, False]


def test_harmful_characters_are_written_out() -> None:
    assert read("a\x1b[2J\u202eb\r\n")[0].text == "a\\x1b[2J\\u202eb"


def test_piled_up_marks_are_told_by_their_number() -> None:
    assert (
        read("e" + "\u0301" * 9 + "x e\u0301")[0].text == "e" + "\u0301" * 4 + "⟨+5 marks⟩x e\u0301"
    )


def test_items_quotes_and_boxes_have_their_leads() -> None:
    leads = [(line.lead, line.follow) for line in read("- a\n  - b\n12. c\n- [x] d\n> > e\n")]
    assert leads == [
        ("• ", "  "), ("  • ", "    "), ("12. ", "    "), ("• ☑ ", "    "), ("▌ ▌ ", "▌ ▌ "),
    ]  # fmt: skip
