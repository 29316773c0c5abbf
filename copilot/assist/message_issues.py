"""Issues that a message names: those nobody told the model of are taken out, or found.

A wrong `Fixes #12` closes what it has nothing to do with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ID = (
    r"(?:(?<![\w&/])(?:GH-|#)\d+|\b[A-Z][A-Z0-9]+-\d+\b"
    r"|https?://\S{1,200}/(?:issues|pulls?|merge_requests|browse|tickets?)/[\w-]+)"
)
_WORD = (
    r"(?i:(?:fix(?:es|ed)?|clos(?:es?|ed)|resolv(?:es?|ed)|address(?:es|ed)?|implement(?:s|ed)?"
    r"|refs?|references?|see(?: also)?|related(?: to)?|relates to|part of|bugs?|issues?|tickets?"
    r"|for|re|and)\b:?)"
)
_IDS = rf"(?:{_WORD}\s*)*{_ID}(?:[\s,;&]*+(?:{_WORD}\s*)*{_ID})*"
_EACH = re.compile(_ID)
_LINE = re.compile(rf"\s*(?:[-*+•]\s+)?{_IDS}\s*\.?\s*")
_BRACKETED = re.compile(rf"(?<!\s)\s*(?:\({_IDS}\)|\[{_IDS}\])")
_BEHIND_A_WORD = re.compile(rf"{_WORD}\s+(?P<issue>{_ID})")
_PROJECT = re.compile(r"(?!GH-)([A-Z][A-Z0-9]+)-\d+")
_FIRST = re.compile(rf"\[?(?:[A-Za-z]+ )?(?P<issue>{_ID})(?P<end>\]?(?: -- | - |: )|\] | )")


class Issues:
    """What of a text names an issue: `#1` always, `ABC-1` as in past messages or behind a word.

    `known` is what the model was shown of the change, `past` are earlier messages.
    """

    def __init__(self, known: str, past: Iterable[str]) -> None:
        self._known = known
        self._projects = {found[1] for one in past for found in _PROJECT.finditer(one)}

    def stands(self, words: str) -> bool:
        """Tell whether what was shown holds these words, in whatever case."""
        pattern = rf"(?<!\w){re.escape(words)}(?!\w)"
        return re.search(pattern, self._known, re.IGNORECASE) is not None

    def invented(self, text: str) -> Iterator[str]:
        """Yield the issues that a text names and that nobody told of."""
        behind = {found["issue"] for found in _BEHIND_A_WORD.finditer(text)}
        for issue in _EACH.findall(text):
            project = _PROJECT.fullmatch(issue)
            is_one = project is None or project[1] in self._projects or issue in behind
            if is_one and not self.stands(issue):
                yield issue

    def without_first(self, text: str) -> str:
        """Return a subject without an issue before it that nobody told of."""
        first = _FIRST.match(text)
        if first is None or self.stands(first["issue"]):
            return text
        # A name such as UTF-8 may begin a sentence.
        is_one = first["end"] != " " or first["issue"] in self.invented(text)
        return text[first.end() :] if is_one else text

    def without_asides(self, text: str) -> str:
        """Return a text without what is in brackets, and names nothing but such issues."""
        return _BRACKETED.sub(lambda found: "" if self._is_none(found[0]) else found[0], text)

    def is_aside(self, line: str) -> bool:
        """Tell whether a line names nothing but issues that nobody told of."""
        return _LINE.fullmatch(line) is not None and self._is_none(line)

    def _is_none(self, text: str) -> bool:
        return not any(self.stands(issue) for issue in _EACH.findall(text))
