"""Text in the encoding it was written in: UTF-8 nearly always, else told or guessed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from copilot.workspace.contents import decode

_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = "cp1252"
_GUESSED = (
    *(_WESTERN, "iso8859_15", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp1253", "cp1254"),
    *("cp1255", "cp1256", "mac_roman", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
# Control characters that no text holds, in any of these encodings: NUL, most of C0, DEL, C1.
_CONTROL_BYTES = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROLS = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffe\uffff]")
_SAMPLE_BYTES = 16 * 1024
# Fewer bytes beyond ASCII than this tell no encoding from another.
_EVIDENCE_BYTES = 8


@dataclass(frozen=True)
class Text:
    """A file's text with line feeds only and no byte order mark; `encoding` is a Python codec."""

    text: str
    encoding: str = "utf-8"


def read_text(data: bytes) -> Text | None:
    """Return the text that these bytes are, or None if they are none.

    UTF-8 is tried first. UTF-16 and UTF-32 need their byte order mark; other encodings are guessed
    by charset-normalizer from the lines that are not ASCII.
    """
    text = decode(data)
    if text is not None:
        return Text(text)
    for mark, encoding in _MARKED:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if _CONTROL_BYTES.search(data):
        return None
    guessed = _guess(data)
    return _decoded(data, guessed) if guessed else None


def is_marked(data: bytes) -> bool:
    """Tell whether bytes begin with the byte order mark of UTF-16 or UTF-32."""
    return data.startswith(tuple(mark for mark, _ in _MARKED))


def _decoded(data: bytes, encoding: str) -> Text | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if _CONTROLS.search(text):
        return None
    return Text(text.replace("\r\n", "\n"), encoding)


def _guess(data: bytes) -> str | None:
    sample = _telling_lines(data)
    if sum(byte > 0x7F for byte in sample) < _EVIDENCE_BYTES:
        return _WESTERN
    # Its import takes as long as reading a thousand files, so only what needs it pays.
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(_GUESSED), enable_fallback=False)
    best = found.best()
    if best is None:
        return None
    # Central European encodings explain most Western text as well, with other letters.
    western = (match for match in found if _WESTERN in match.could_be_from_charset)
    equal = any((m.chaos, -m.coherence) <= (best.chaos, -best.coherence) for m in western)
    return _WESTERN if equal else best.encoding


def _telling_lines(data: bytes) -> bytes:
    """Return the first lines that are not ASCII, whole, a few kilobytes of them."""
    lines: list[bytes] = []
    size = 0
    for match in re.finditer(rb"[^\n]*[\x80-\xff][^\n]*\n?", data):
        lines.append(match[0])
        size += len(match[0])
        if size >= _SAMPLE_BYTES:
            break
    return b"".join(lines)
