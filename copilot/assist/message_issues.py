"""Issues that a message names: those nobody told the model of are taken out, or found.

A wrong `Fixes #12` closes what it has nothing to do with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ID = (
    r"(?:(?<![\w&/.-])(?:(?:[\w.-]{1,100}/[\w.-]{1,100}|gh|GH)?#\d+|!\d+)"
    r"|\b[A-Z][A-Z0-9]+-\d+\b"
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
_PROJECT = re.compile(r"([A-Z][A-Z0-9]+)-\d+")
# Before a number these name a standard, a size or a sum, and no project.
_NO_PROJECT = re.compile(
    r"AES|ANSI|ARM|BASE|BSD|CC|COM|CP|CRC|DES|ECMA|EN|EPSG|EUC|FIPS|GB|GPL|GPT|HTTP|IEC|IEEE|IPV?"
    r"|ISO|JEP|JIS|JPEG|JSR|KOI|LGPL|MD|MPE?G?|NIST|PEP|PKCS|RC|RFC|RS|RSA|SHA|SSL|TLS|UCS|USB|UTC"
    r"|UTF|UTS|WGS|WINDOWS"
)
_LEADING = r"(?i:fix(?:es|ed)?|clos(?:es?|ed)|resolv(?:es?|ed)|refs?|see|bug|issue|ticket)"
_FIRST = re.compile(
    rf"(?:\[?{_LEADING} (?P<named>{_ID})(?:\]?(?: -- | - |: )|\] )"
    rf"|\[?(?P<issue>{_ID})(?:\]?(?: -- | - |: )|\] | ))"
)


class Issues:
    """What of a text names an issue: `#1`, `!1`, `o/r#1`, URLs, and `ABC-1` but for known words.

    `known` is what the model was shown of the change, `past` are earlier messages: what stands
    before a number there is a project after all.
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
        for issue in _EACH.findall(text):
            if self._is_one(issue) and not self.stands(issue):
                yield issue

    def without_first(self, text: str) -> str:
        """Return a subject without an issue before it that nobody told of."""
        first = _FIRST.match(text)
        issue = (first["named"] or first["issue"]) if first else ""
        if first is None or self.stands(issue) or not self._is_one(issue):
            return text
        return text[first.end() :]

    def without_asides(self, text: str) -> str:
        """Return a text without what is in brackets, and names nothing but such issues."""
        return _BRACKETED.sub(lambda found: "" if self._is_none(found[0]) else found[0], text)

    def is_aside(self, line: str) -> bool:
        """Tell whether a line names nothing but issues that nobody told of."""
        return _LINE.fullmatch(line) is not None and self._is_none(line)

    def _is_one(self, issue: str) -> bool:
        project = _PROJECT.fullmatch(issue)
        if project is None or project[1] in self._projects:
            return True
        return _NO_PROJECT.fullmatch(project[1]) is None

    def _is_none(self, text: str) -> bool:
        return all(self._is_one(one) and not self.stands(one) for one in _EACH.findall(text))
