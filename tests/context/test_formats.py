"""Every format is read back by a parser that knows nothing of how it was written."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from copilot.context.entries import Entry, Shape
from copilot.context.formats import Contents, Format, ShownFile, contents_of, formatted
from copilot.context.model import Detail, Frame, PackedFile, Prompt, Section, SectionKind
from copilot.context.tokens import count_tokens

# A file as a parser sees it: name, detail, text (None where there is none), reason.
Seen = tuple[str, str, str | None, str]
_CHAPTERS = ("Files", "Left out")

_HOSTILE = st.sampled_from(
    [
        *(
            "```",
            "````",
            "`",
            "~~~",
            "~~~~~",
            "```py\n",
            "\n```\n",
            "\n## `repo/b.py`\n",
            "# Files\n",
        ),
        *(
            "]]>",
            "]]",
            ">",
            "<![CDATA[",
            "</file>",
            '<file path="x">',
            "&amp;",
            "&#13;",
            "<!--",
            "-->",
        ),
        *("\n", "\r", "\r\n", "\t", " ", "    ", "\0", "\x0b", "\x0c", "\x1b[2J", "\x85", "\u2028"),
        *(
            "\ufeff",
            "\ufffe",
            "\uffff",
            "\\",
            "\\u000d",
            "\\\\",
            '"',
            "',",
            "},\n{",
            "é",
            "日本",
            "👩‍👧",
        ),
        *("- ", "> ", "1. ", "* * *\n", "===\n", "[a]: b\n", "<?xml?>", "\u202e", "text"),
    ]
)
_TEXTS = st.lists(_HOSTILE | st.text(max_size=6), max_size=8).map("".join)
_SURROGATES = st.sampled_from(["\udcff", "\udc80", "\ud83d", "\ud83d\udca9", "\ude00"])
_NAMES = (
    st.lists(_HOSTILE | _SURROGATES | st.text(max_size=4), min_size=1, max_size=5)
    .map("".join)
    .filter(bool)
)
_PLAIN = st.sampled_from(["", "Read the files.\n", "- One.\n- Two.\n\nThen `three`."])
_FILES = st.lists(
    st.builds(
        ShownFile, _NAMES, st.sampled_from([Detail.FULL, Detail.OUTLINE]), _TEXTS.map(str.encode)
    )
    | st.builds(ShownFile, _NAMES, st.just(Detail.PATH))
    | st.builds(
        ShownFile,
        _NAMES,
        st.just(Detail.OMITTED),
        reason=st.sampled_from(["", "lock file", "a *b* `c`"]),
    ),
    max_size=5,
)


def _text(contents: Contents, form: Format) -> str:
    return b"".join(formatted(contents, form)).decode()


def _wanted(files: Sequence[ShownFile]) -> list[Seen]:
    """Return what a parser must see: the omitted files come last."""
    in_order = sorted(files, key=lambda file: file.detail is Detail.OMITTED)
    return [(f.name, str(f.detail), f.text, f.reason) for f in in_order]


def _unescaped(text: str) -> str:
    """Read backslashes as the documentation says."""
    return re.sub(
        r"\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))",
        lambda match: chr(int(match[1] or match[2], 16)) if match.lastindex else "\\",
        text,
    )


# --- readers


def _read_json(text: str) -> list[Seen]:
    document = json.loads(text)
    return [_read_object(entry, entry["detail"]) for entry in document["files"]] + [
        _read_object(entry, "omitted") for entry in document["omitted"]
    ]


def _read_object(entry: dict[str, str], detail: str) -> Seen:
    is_escaped = entry.get("path_encoding") == "escaped"
    name = _unescaped(entry["path"]) if is_escaped else entry["path"]
    return name, detail, entry.get("text"), entry.get("reason", "")


def _read_xml(text: str) -> list[Seen]:
    root = ElementTree.fromstring(text.encode())  # noqa: S314
    return [_read_element(e, e.get("detail", "full")) for e in root.iterfind("files/file")] + [
        _read_element(e, "omitted") for e in root.iterfind("omitted/file")
    ]


def _read_element(element: ElementTree.Element, detail: str) -> Seen:
    name, has_text = element.get("path", ""), detail in ("full", "outline")
    if element.get("path-encoding") == "escaped":
        name = _unescaped(name)
    return name, detail, _read_text(element) if has_text else None, element.get("reason", "")


def _read_text(element: ElementTree.Element) -> str:
    text = element.text or ""
    return _unescaped(text) if element.get("encoding") == "escaped" else text


def _read_markdown(text: str) -> list[Seen]:
    """Read the chapters of files; rules stand before them, a task behind them."""
    tokens = MarkdownIt("commonmark").parse(text)
    seen: list[Seen] = []
    chapter = ""
    for token, following in zip(tokens, [*tokens[1:], Token("", "", 0)], strict=True):
        if token.type == "heading_open" and token.tag == "h1":
            if chapter and following.content not in _CHAPTERS:
                break
            chapter = following.content if following.content in _CHAPTERS else ""
        elif chapter and token.type == "heading_open":
            seen.append(_read_heading(following))
        elif chapter and token.type == "fence":
            name, notes, _, _ = seen[-1]
            seen[-1] = name, notes, _read_fence(token.content, notes), ""
        elif chapter and token.type == "paragraph_open":
            seen.append(_read_item(following))
    return [(name, _detail(notes), content, reason) for name, notes, content, reason in seen]


def _read_heading(inline: Token) -> Seen:
    children = inline.children or []
    name, notes = children[0], "".join(child.content for child in children[1:])
    assert name.type == "code_inline"
    return _unescaped(name.content) if "name escaped" in notes else name.content, notes, None, ""


def _read_item(inline: Token) -> Seen:
    name, rest, _, _ = _read_heading(inline)
    notes, _, reason = rest.partition(": ")
    return name, f"{notes} omitted", None, reason


def _read_fence(content: str, notes: str) -> str:
    text = content.removesuffix("\n") if "no line end" in notes else content
    return _unescaped(text) if "text escaped" in notes else text


def _detail(notes: str) -> str:
    details = {"omitted": "omitted", "outline": "outline", "path only": "path"}
    return next((detail for word, detail in details.items() if word in notes), "full")


_READERS = {Format.JSON: _read_json, Format.XML: _read_xml, Format.MARKDOWN: _read_markdown}


# --- tests


@pytest.mark.parametrize("form", Format)
@settings(max_examples=250, deadline=None)
@given(files=_FILES, rules=_PLAIN, task=_PLAIN)
def test_a_parser_reads_back_every_name_and_text(
    form: Format, files: list[ShownFile], rules: str, task: str
) -> None:
    task = f"# Task\n\n{task}"
    assert _READERS[form](_text(Contents(rules, files, task), form)) == _wanted(files)


@pytest.mark.parametrize("form", [Format.XML, Format.JSON])
@settings(max_examples=100, deadline=None)
@given(rules=_TEXTS, task=_TEXTS)
def test_rules_and_task_are_read_back(form: Format, rules: str, task: str) -> None:
    text = _text(Contents(rules, [], task), form)
    read: Any
    if form is Format.JSON:
        read = json.loads(text)
        assert (read["rules"], read["task"]) == (rules, task)
    else:
        read = ElementTree.fromstring(text.encode())  # noqa: S314
        assert [_read_text(read.find(tag)) for tag in ("rules", "task")] == [rules, task]


@settings(max_examples=100, deadline=None)
@given(files=_FILES.filter(bool), task=_TEXTS)
def test_a_task_in_markdown_changes_nothing_above_it(files: list[ShownFile], task: str) -> None:
    without = _text(Contents("Rules.", files, ""), Format.MARKDOWN)
    text = _text(Contents("Rules.", files, f"# Task\n\n{task}"), Format.MARKDOWN)
    assert text.startswith(without)
    assert _read_markdown(text) == _wanted(files)


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("tokenizer", ["o200k_base", "qwen3"])
@settings(max_examples=40, deadline=None)
@given(files=_FILES, rules=_PLAIN, task=_PLAIN)
def test_the_tokens_of_the_pieces_add_up(
    form: Format, tokenizer: str, files: list[ShownFile], rules: str, task: str
) -> None:
    pieces = list(formatted(Contents(rules, files, task), form))
    assert sum(count_tokens(pieces, tokenizer)) == count_tokens([b"".join(pieces)], tokenizer)[0]


@pytest.mark.parametrize("form", Format)
def test_a_task_of_bytes_that_are_no_text_is_written_with_escapes(form: Format) -> None:
    assert "caf\\udce9" in _text(Contents("", [], "caf\udce9"), form).replace("\\\\", "\\")


@pytest.mark.parametrize("form", Format)
def test_files_are_written_as_they_are_asked_for(form: Format) -> None:
    files = [ShownFile(f"repo/{n}.py", Detail.FULL, b"x = 1\n") for n in range(20)]
    pieces = list(formatted(Contents("Rules.", files, "Do it."), form))
    holding = [piece for piece in pieces if b"x = 1" in piece]
    assert [piece.count(b"x = 1") for piece in holding] == [1] * 20


def test_the_contents_of_a_prompt_are_its_last_copies() -> None:
    base = [
        *(b'<file path="r/a">\n', b"old\n", b"</file>\n", b"<file-mark oak>\n"),
        *(b'<file path="r/b" detail="path"/>\n', b'<file path="r/c">\n', b"</file>\n"),
    ]
    overlay = [
        *(b'<file path="r/c" detail="deleted"/>\n',),
        *(b'<file path="r/a" detail="outline">\n', b"new\n", b"</file>\n"),
    ]
    sections = (
        Section(SectionKind.RULES, (b"Rules.\n",), 3),
        Section(
            SectionKind.BASE,
            tuple(base),
            0,
            (
                _entry(b"r/a", Shape.FULL, base[:3]),
                _entry(b"", Shape.MARK, base[3:4]),
                _entry(b"r/b", Shape.PATH, base[4:5]),
                _entry(b"r/c", Shape.FULL, base[5:]),
            ),
        ),
        Section(
            SectionKind.OVERLAY,
            tuple(overlay),
            0,
            (
                _entry(b"r/c", Shape.DELETED, overlay[:1]),
                _entry(b"r/a", Shape.OUTLINE, overlay[1:]),
            ),
        ),
    )
    lock = PackedFile("r", "uv.lock", None, None, Detail.OMITTED, 0, "lock file")
    prompt = Prompt(sections, (lock,), Frame(), "o200k_base")
    contents = contents_of(prompt, "Rules.", "Do it.")
    assert (contents.rules, contents.task) == ("Rules.", "Do it.")
    assert _wanted(contents.files) == [
        ("r/a", "outline", "new\n", ""),
        ("r/b", "path", None, ""),
        ("r/uv.lock", "omitted", None, "lock file"),
    ]


def _entry(path: bytes, shape: Shape, pieces: Sequence[bytes]) -> Entry:
    return Entry(path, shape, "", 1, sum(map(len, pieces)), len(pieces[0]))


def test_every_bit_of_markdown() -> None:
    files = [
        ShownFile("repo/a.py", Detail.FULL, b"print('hi')\n"),
        ShownFile("repo/READ`ME.md", Detail.OUTLINE, b"# A\n\n```py\nx\n```"),
        ShownFile("repo/a\nb\udcff.<x>", Detail.PATH),
        ShownFile("repo/empty", Detail.FULL, b""),
        ShownFile("repo/uv.lock", Detail.OMITTED, reason="lock_file"),
    ]
    assert _text(Contents("Rules.\n", files, "# Task\n\nDo it.\n"), Format.MARKDOWN) == (
        "Rules.\n\n# Files\n\n## `repo/a.py`\n\n```py\nprint('hi')\n```\n\n"
        "## ``repo/READ`ME.md`` (outline, no line end at the end)\n\n"
        "````md\n# A\n\n```py\nx\n```\n````\n\n"
        "## `repo/a\\u000ab\\udcff.<x>` (name escaped, path only)\n\n"
        "## `repo/empty`\n\n```\n```\n\n"
        "# Left out\n\n- `repo/uv.lock`: lock\\_file\n\n# Task\n\nDo it.\n"
    )


def test_every_bit_of_xml() -> None:
    files = [
        ShownFile("repo/a.py", Detail.FULL, b"x = a < b\n"),
        ShownFile("repo/b.py", Detail.OUTLINE, b"y ]]> <\n"),
        ShownFile("repo/c\f.py", Detail.FULL, b"a\\n\f\n"),
        ShownFile('repo/"\n', Detail.PATH),
        ShownFile("repo/cr", Detail.FULL, b"<\r"),
        ShownFile("repo/uv.lock", Detail.OMITTED, reason="lock file"),
    ]
    assert _text(Contents("Rules.", files, "Is a < b?"), Format.XML) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<prompt version="1" xml:space="preserve">\n'
        "<rules>Rules.</rules>\n<files>\n"
        '<file path="repo/a.py"><![CDATA[x = a < b\n]]></file>\n'
        '<file path="repo/b.py" detail="outline"><![CDATA[y ]]]]><![CDATA[> <\n]]></file>\n'
        '<file encoding="escaped" path="repo/c\\u000c.py" path-encoding="escaped">'
        "a\\\\n\\u000c\n</file>\n"
        '<file path="repo/&quot;&#10;" detail="path"/>\n'
        '<file path="repo/cr">&lt;&#13;</file>\n'
        '</files>\n<omitted>\n<file path="repo/uv.lock" reason="lock file"/>\n</omitted>\n'
        "<task><![CDATA[Is a < b?]]></task>\n</prompt>\n"
    )


def test_every_bit_of_json() -> None:
    files = [
        ShownFile("repo/é.py", Detail.FULL, "x = 'é'\n".encode()),
        ShownFile("repo/\udcff", Detail.PATH),
        ShownFile("repo/uv.lock", Detail.OMITTED, reason="lock file"),
    ]
    assert _text(Contents("Rules.", files, ""), Format.JSON) == (
        '{"version": 1,\n"rules": "Rules.",\n"files": [\n'
        '{"path": "repo/é.py", "detail": "full", "text": "x = \'é\'\\n"},\n'
        '{"path": "repo/\\\\udcff", "path_encoding": "escaped", "detail": "path"}\n'
        '],\n"omitted": [\n{"path": "repo/uv.lock", "reason": "lock file"}\n],\n"task": ""}\n'
    )


@pytest.mark.parametrize("name", [" ", "  ", " a", "a ", "`", "``a`", "a`", "#", "a\\", "\\u0041"])
def test_a_name_in_markdown_is_read_back(name: str) -> None:
    files = [ShownFile(name, Detail.PATH), ShownFile(name, Detail.OMITTED)]
    assert _read_markdown(_text(Contents("", files, ""), Format.MARKDOWN)) == _wanted(files)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        *(("a.py", "py"), ("a.Rs", "rs"), ("x.c++", "c++"), ("Makefile", ""), (".bashrc", "")),
        *(("a.p`y", ""), ("a.py x", ""), ("a.7z", ""), ("a." + "x" * 30, ""), ("a.é", "")),
    ],
)
def test_the_language_is_named_if_it_is_harmless(name: str, language: str) -> None:
    text = _text(Contents("", [ShownFile(name, Detail.FULL, b"x\n")], ""), Format.MARKDOWN)
    assert f"\n```{language}\nx\n```\n" in text


def test_a_fence_is_longer_than_any_run_in_the_text() -> None:
    data = b"a `````` b ~~~~~~~~~~~\n"
    text = _text(Contents("", [ShownFile("a.md", Detail.FULL, data)], ""), Format.MARKDOWN)
    assert f"\n{'`' * 12}md\n" in text
