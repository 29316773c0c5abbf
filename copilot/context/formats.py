r"""A prompt as Markdown, XML or JSON, for other tools than ours.

No text and no name can break out of its frame, and a parser gets back every one of them exactly.
Characters that a format cannot hold are written with backslashes as in Python: `\\`, `\uXXXX`,
`\UXXXXXXXX`. A name or text written so is marked as escaped; all others stand as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, chain
from pathlib import PurePosixPath
from typing import Any, TypeVar

from copilot.context.entries import Entry, Shape, foot_of
from copilot.context.model import Detail, Prompt
from copilot.text import one_line

Item = TypeVar("Item")

FORMAT_VERSION = 1


class Format(StrEnum):
    """How a prompt for other tools is written."""

    MARKDOWN = "markdown"
    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of the prompt: its name with alias, and its text as UTF-8.

    `data` is None where only the path is shown, or nothing: an omitted file has a `reason`.
    """

    name: str
    detail: Detail
    data: bytes | memoryview | None = field(default=None, repr=False)
    reason: str = ""

    @property
    def text(self) -> str | None:
        return None if self.data is None else str(self.data, "utf-8")


@dataclass(frozen=True)
class Contents:
    """All that a prompt says: rules and task may be empty, files stand in their order."""

    rules: str
    files: Sequence[ShownFile]
    task: str

    @property
    def shown(self) -> list[ShownFile]:
        return [file for file in self.files if file.detail is not Detail.OMITTED]

    @property
    def omitted(self) -> list[ShownFile]:
        return [file for file in self.files if file.detail is Detail.OMITTED]


def contents_of(prompt: Prompt, rules: str, task: str) -> Contents:
    """Return the last copy of each file of a prompt in its order, with rules and task given anew.

    Every text ends its last line, as in the prompt.
    """
    copies: dict[bytes, tuple[Entry, memoryview]] = {}
    foot = len(foot_of(prompt.frame))
    for section in prompt.sections:
        data = memoryview(section.data)
        ends = accumulate(entry.size for entry in section.entries)
        for entry, end in zip(section.entries, ends, strict=True):
            copies[entry.path] = (entry, data[end - entry.size + entry.head : end - foot])
    shown = [
        ShownFile(entry.name, Detail(str(entry.shape)), data if entry.shows_text else None)
        for entry, data in copies.values()
        if entry.path and entry.shape is not Shape.DELETED
    ]
    omitted = [
        ShownFile(f"{file.repository}/{file.path}", Detail.OMITTED, None, file.reason)
        for file in prompt.files
        if file.detail is Detail.OMITTED
    ]
    return Contents(rules, [*shown, *omitted], task)


def formatted(contents: Contents, form: Format) -> Iterator[bytes]:
    """Yield the prompt as UTF-8 in pieces: each file is one, made when it is asked for.

    The tokens of the pieces add up to those of the whole (see `tokens`), but for a task in Markdown
    that begins with `/`.
    """
    write = {Format.MARKDOWN: _markdown, Format.XML: _xml, Format.JSON: _json}[form]
    return (piece.encode() for piece in write(contents))


def _escape(text: str, forbidden: re.Pattern[str]) -> tuple[str, bool]:
    """Return the text without forbidden characters, and whether it had to be escaped."""
    if not forbidden.search(text):
        return text, False
    doubled = text.replace("\\", "\\\\")
    return forbidden.sub(lambda match: _code(match.group()), doubled), True


def _code(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _own(text: str) -> str:
    """Return rules or a task without lone surrogates, as our own prompt has them."""
    return text.encode(errors="backslashreplace").decode()


# --- Markdown: CommonMark 0.31, https://spec.commonmark.org/0.31.2/

# A parser takes a lone CR for a line end and replaces NUL.
_NOT_IN_MARKDOWN = re.compile("[\0\r\ud800-\udfff]")
_RUNS = re.compile(r"`{3,}|~{3,}")
_LANGUAGE = re.compile(r"\.[A-Za-z][A-Za-z0-9+-]{0,15}")
_PUNCTUATION = re.compile(r"([\\`*_\[\]<>&#~|!])")


def _markdown(contents: Contents) -> Iterator[str]:
    """Yield blocks with an empty line between them."""
    rules, task = _own(contents.rules), _own(contents.task)
    shown, omitted = contents.shown, contents.omitted
    lines = "".join(_omitted_line(file) for file in omitted)
    blocks = chain(
        [f"{rules.strip()}\n"] if rules.strip() else [],
        ["# Files\n"] if shown else [],
        map(_markdown_file, shown),
        [f"# Left out\n\n{lines}"] if omitted else [],
        [f"{task.strip()}\n"] if task.strip() else [],
    )
    return (block if is_last else f"{block}\n" for block, is_last in _with_last(blocks))


def _markdown_file(file: ShownFile) -> str:
    span, notes = _code_span(file.name)
    if file.detail is not Detail.FULL:
        notes.append("path only" if file.detail is Detail.PATH else str(file.detail))
    text = file.text
    if text is None:
        return f"## {span}{_noted(notes)}\n"
    text, is_escaped = _escape(text, _NOT_IN_MARKDOWN)
    notes += ["text escaped"] if is_escaped else []
    end = ""
    if text and not text.endswith("\n"):
        notes.append("no line end at the end")
        end = "\n"
    longest = max((len(run) for run in _RUNS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"## {span}{_noted(notes)}\n\n{fence}{_language(file.name)}\n{text}{end}{fence}\n"


def _code_span(name: str) -> tuple[str, list[str]]:
    """Return a name as code on one line, and a note if it is escaped."""
    notes: list[str] = []
    if one_line(name) != name:
        name = "".join(_name_character(character) for character in name)
        notes.append("name escaped")
    ticks = "`" * (max((len(run) for run in re.findall("`+", name)), default=0) + 1)
    # One space on each side is taken off by a parser, unless there is nothing else.
    needs_space = name.strip(" ") and (name[0] in " `" or name[-1] in " `")
    space = " " if needs_space else ""
    return f"{ticks}{space}{name}{space}{ticks}", notes


def _name_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return character if one_line(character) == character else _code(character)


def _noted(notes: Sequence[str]) -> str:
    return f" ({', '.join(notes)})" if notes else ""


def _language(name: str) -> str:
    """Return a file's suffix, which highlighters know as a language, or nothing."""
    suffix = PurePosixPath(name).suffix
    return suffix[1:].lower() if _LANGUAGE.fullmatch(suffix) else ""


def _omitted_line(file: ShownFile) -> str:
    span, notes = _code_span(file.name)
    reason = _PUNCTUATION.sub(r"\\\1", one_line(file.reason))
    return f"- {span}{_noted(notes)}: {reason}\n" if reason else f"- {span}{_noted(notes)}\n"


# --- XML 1.0, https://www.w3.org/TR/xml/

_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_TEXT = str.maketrans(_REFERENCES)
_VALUE = str.maketrans({**_REFERENCES, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"})


def _xml(contents: Contents) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<prompt version="{FORMAT_VERSION}" xml:space="preserve">\n'
    yield _element("rules", _own(contents.rules))
    yield "<files>\n"
    for file in contents.shown:
        detail = "" if file.detail is Detail.FULL else _attribute("detail", str(file.detail))
        yield _element("file", file.text, _attribute("path", file.name) + detail)
    yield "</files>\n<omitted>\n"
    for file in contents.omitted:
        about = _attribute("path", file.name) + _attribute("reason", file.reason)
        yield _element("file", None, about)
    yield "</omitted>\n"
    yield _element("task", _own(contents.task))
    yield "</prompt>\n"


def _element(tag: str, text: str | None, attributes: str = "") -> str:
    if text is None:
        return f"<{tag}{attributes}/>\n"
    text, is_escaped = _escape(text, _NOT_IN_XML)
    encoding = ' encoding="escaped"' if is_escaped else ""
    return f"<{tag}{encoding}{attributes}>{_character_data(text)}</{tag}>\n"


def _character_data(text: str) -> str:
    """Return text as CDATA where that is easier to read; a parser would turn its CR into LF."""
    if "\r" in text or not ("<" in text or "&" in text):
        return text.translate(_TEXT)
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _attribute(key: str, value: str) -> str:
    value, is_escaped = _escape(value, _NOT_IN_XML)
    encoding = f' {key}-encoding="escaped"' if is_escaped else ""
    return f' {key}="{value.translate(_VALUE)}"{encoding}'


# --- JSON, RFC 8259

# Many parsers refuse a lone surrogate, however it is written.
_NOT_IN_JSON = re.compile("[\ud800-\udfff]")


def _json(contents: Contents) -> Iterator[str]:
    yield f'{{"version": {FORMAT_VERSION},\n'
    yield f'"rules": {_value(_own(contents.rules))},\n'
    yield '"files": [\n'
    yield from _items(map(_shown_object, contents.shown))
    yield '],\n"omitted": [\n'
    yield from _items(map(_omitted_object, contents.omitted))
    yield "],\n"
    yield f'"task": {_value(_own(contents.task))}}}\n'


def _items(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    for item, is_last in _with_last(objects):
        yield f"{_value(item)}\n" if is_last else f"{_value(item)},\n"


def _shown_object(file: ShownFile) -> dict[str, Any]:
    text = file.text
    about = {**_member("path", file.name), "detail": str(file.detail)}
    return about if text is None else {**about, "text": text}


def _omitted_object(file: ShownFile) -> dict[str, Any]:
    return {**_member("path", file.name), **_member("reason", file.reason)}


def _member(key: str, value: str) -> dict[str, str]:
    value, is_escaped = _escape(value, _NOT_IN_JSON)
    return {key: value, f"{key}_encoding": "escaped"} if is_escaped else {key: value}


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _with_last(items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
    """Yield each item and whether it is the last one."""
    held: list[Item] = []
    for item in items:
        if held:
            yield held.pop(), False
        held.append(item)
    if held:
        yield held.pop(), True
