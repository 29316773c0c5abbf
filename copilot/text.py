"""Text from models, files and servers, made safe to show."""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1, bidirectional controls, everything that is drawn as nothing
# (Unicode's Default_Ignorable_Code_Point), line separators, and lone surrogates.
_HARMFUL = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return `text` with control, bidirectional and zero-width characters written as escapes.

    Tab and line ends (LF, CR LF) stay. A lone surrogate (a file name's byte that is no UTF-8) shows
    as `\\xNN`.
    """
    return _HARMFUL.sub(_escape, text)


def one_line(text: str) -> str:
    """Return `text` safe to show and on one line."""
    shown = visible(text).replace("\r\n", "\\r\\n")
    return shown.replace("\n", "\\n").replace("\t", "\\t")


def is_harmful(character: str) -> bool:
    """Tell whether `visible` would write this character as an escape."""
    return _HARMFUL.match(character) is not None


def suffix_of(path: str) -> str:
    """Return the suffix of a path's name in small letters, as pathlib's `suffix`, in less time."""
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return f".{suffix}".lower() if stem and suffix else ""


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
