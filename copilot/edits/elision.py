"""Marks that stand for code a model left out: `# ... existing code ...` and its relatives.

A mark is a whole line or a whole comment, never part of a sentence. `...` has meanings of its own:
a body in Python and in type stubs, a spread, a variadic parameter, the end of a YAML document,
prose. There it is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot.text import suffix_of

# A longer line is content.
_LONGEST_MARK = 200

_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".org", ".html"})
# Files of prose that have no ending.
_PROSE_NAMES = (
    "README",
    "LICENSE",
    "COPYING",
    "NOTICE",
    "AUTHORS",
    "CHANGE",
    "CONTRIBUTING",
    "NEWS",
)
_PYTHON = frozenset({".py", ".pyi", ".pyx"})
# Besides Python: YAML's end of a document, Perl's "yada" statement.
_DOTS_MEAN = frozenset({".yml", ".yaml", ".pl", ".pm", ".raku"})

# Signs that begin a comment; `{/*` is JSX. In prose some of them begin something else.
_OPENERS = ("<!--", "{/*", "/**", "/*", "///", "//", "--", "#", ";;", ";", "%")
_CLOSERS = ("-->", "*/}", "*/")
_IN_PROSE = ("<!--", "{/*", "/*", "//")
_INLINE = re.compile(r"/\*([^*]{0,200})\*/|<!--([^<]{0,200})-->|(?<=\s)(?:#|//|--)\s(.{0,200})$")
_LEFT_OUT_BODY = re.compile(
    r"(?:\)|\b(?:class|struct|enum|interface|impl|trait|namespace)\b)[^(){}=]*"
    r"\{\s*(?:\.\.\.|…)\s*\}\s*[;,)]*$"
)
_VARIADIC = re.compile(r"\.\.\.\s*\)")
_OUTLINE = re.compile(r"… \d+ lines?")
_DOTS = re.compile(r"\.{3,}|…")
_SPACED_DOTS = re.compile(r"^[(\[<{]*(?:\.{3,}|…)\s|\s(?:\.{3,}|…)[)\]>}]*$")

_WHOLE = (
    r"(?:code|file|function|method|class|module|component|implementation|body|document|contents?"
    r"|script|program|template|page|config|configuration|logic|methods|functions|imports)"
)
_NOUN = (
    rf"(?:{_WHOLE}|files|classes|components|implementations|tests?|cases|fields|properties|props"
    r"|attributes|definitions|lines|sections?|statements|handlers|routes|styles|rules|entries"
    r"|items|options|settings|variables|members|setup|text|markup|block)"
)
_OWNER = r"(?:(?:all )?(?:of )?(?:the |this |that |your |our |my )?)"
_SAME = (
    r"(?:unchanged|untouched|(?:the )?same(?: as before)?|as is|as before|as it was|not changed"
    r"|not shown|omitted(?: here| for brevity)?|(?:goes )?here|continues(?: here)?|follows|remains)"
)
_IS = r"(?: ?[,;:-])?(?: (?:is|are|was|were|remains?|stays?|goes|left))?"
_STATE = rf"(?:{_IS} {_SAME})?"
_KEPT = r"(?:existing|remaining|unchanged)"
_PHRASE = (
    r"(?:(?:keep |leave |and |plus |include )?(?:"
    rf"(?:the )?(?:rest|remainder) of {_OWNER}(?:{_KEPT} )?(?:\w+ )?{_WHOLE}{_STATE}"
    rf"|(?:the )?(?:rest|remainder) of {_OWNER}(?:\w+ )?{_NOUN}{_IS} {_SAME}"
    rf"|(?:the )?(?:rest|remainder){_IS} {_SAME}"
    rf"|{_OWNER}{_KEPT} (?:\w+ )?(?:code|implementation|body|contents?|logic){_STATE}"
    rf"|{_OWNER}(?:{_KEPT}|previous|original|other|old|current) (?:\w+ )?{_NOUN}{_IS} {_SAME}"
    rf"|{_OWNER}(?:\w+ )?(?:code|implementation|body|imports|methods|functions|logic){_IS}"
    r" (?:unchanged|omitted(?: for brevity)?|the same|as before)"
    r"|unchanged|unmodified|no changes?(?: here| needed| below| above)?|omitted for brevity"
    r"|(?:the )?same as before|snip(?:ped)?))"
)
_BARE_MARK = re.compile(_PHRASE)
# With dots at an edge, less says as much.
_DOTTED_MARK = re.compile(
    rf"(?:{_PHRASE}|(?:the )?rest|remaining|existing|previous|(?:the )?same(?: as above)?|as before"
    rf"|(?:the )?(?:rest|remainder) of {_OWNER}(?:\w+ )?\w+"
    rf"|{_OWNER}(?:{_KEPT}|previous|original|other|more|old|current|similar) (?:\w+ )?{_NOUN}"
    rf"|{_OWNER}(?:\w+ )?{_NOUN} here|code|and so on"
    r"|(?:omitted|unchanged|truncated)(?: \w+){0,4})"
)
# Between dots, these words say it whatever follows them.
_REST = re.compile(rf"(?:the |all )?(?:rest|remainder|{_KEPT}) ")


@dataclass(frozen=True)
class _Line:
    """A line without the white space around it, how deep it stands, and what is near it."""

    text: str
    depth: int
    above: str
    below: str
    below_depth: int


def new_elisions(path: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the lines of the new text that stand for something left out, and that the old lacks.

    `path` tells the language by its ending. A mark that stands in the old text stays allowed as
    often as it stands there.
    """
    marks = [*_marks(_ending(path), new)]
    if not marks:
        return []
    left = Counter(line.strip() for line in old)
    found: list[str] = []
    for mark in marks:
        left[mark] -= 1
        if left[mark] < 0:
            found.append(mark)
    return found


def _ending(path: str) -> str:
    """Return the ending that tells the language; prose without one counts as plain text."""
    suffix = suffix_of(path)
    is_prose = not suffix and path.rpartition("/")[2].startswith(_PROSE_NAMES)
    return ".txt" if is_prose else suffix


def _marks(ending: str, lines: Sequence[str]) -> Iterator[str]:
    above = ""
    in_string = False
    for number, line in enumerate(lines):
        text = line.strip()
        if not in_string and _may_be(text) and _is_mark(_line(lines, number, above), ending):
            yield text
        if ending in _PYTHON and (line.count('"""') + line.count("'''")) % 2:
            in_string = not in_string
        above = text or above


def _may_be(text: str) -> bool:
    """Tell in a moment what most lines are: no mark."""
    if not text or len(text) > _LONGEST_MARK:
        return False
    if "..." in text or "…" in text or (text[0] in "([<" and text[-1] in ")]>"):
        return True
    return text.startswith(_OPENERS) or "/*" in text or "<!--" in text


def _line(lines: Sequence[str], number: int, above: str) -> _Line:
    line = lines[number]
    below = next((one for one in lines[number + 1 : number + 20] if one.strip()), "")
    return _Line(line.strip(), _depth(line), above, below.strip(), _depth(below))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_mark(line: _Line, ending: str) -> bool:
    text = line.text
    prose = ending in _PROSE
    opener = next((o for o in (_IN_PROSE if prose else _OPENERS) if text.startswith(o)), "")
    if opener:
        whole = _without_signs(text, opener)
        if whole is not None:
            return _is_comment_mark(whole, dots_count=not prose or opener == "<!--")
    if _OUTLINE.fullmatch(text):
        return True
    if _is_only_dots(text):
        return not prose and not _dots_mean(line, ending)
    if _is_uncommented_mark(text):
        return True
    if prose:
        return False
    if ending not in _DOTS_MEAN | _PYTHON and _LEFT_OUT_BODY.search(text):
        return True
    return any(_is_inline_mark(part) for part in _inline_comments(text))


def _without_signs(text: str, opener: str) -> str | None:
    """Return what a comment says, None where code stands behind it."""
    bare = text[len(opener) :]
    closer = next((c for c in _CLOSERS if bare.endswith(c)), "")
    bare = bare[: len(bare) - len(closer)]
    return None if any(sign in bare for sign in _CLOSERS) else bare.strip()


def _is_comment_mark(bare: str, *, dots_count: bool) -> bool:
    if not bare:
        return False
    if _is_only_dots(bare):
        return dots_count
    return _is_dotted_mark(bare) or bool(_BARE_MARK.fullmatch(_words(bare)))


def _is_dotted_mark(bare: str) -> bool:
    inner = bare.strip("()[]{}<> *")
    edges = inner.startswith(("...", "…")) + inner.endswith(("...", "…"))
    words = _words(bare) if edges else ""
    between = edges == 2 and bool(_REST.match(words))
    return between or bool(words and _DOTTED_MARK.fullmatch(words))


def _is_inline_mark(bare: str) -> bool:
    """Tell whether a comment behind or between code is a mark: there, words alone are none."""
    if not bare:
        return False
    return _is_only_dots(bare) or _is_dotted_mark(bare)


def _is_uncommented_mark(text: str) -> bool:
    """Tell whether a line without comment sign is a mark: two words in dots or in brackets."""
    words = _words(text)
    wrapped = text[0] in "([<" and text[-1] in ")]>"
    if " " not in words or not (wrapped or _SPACED_DOTS.search(text)):
        return False
    return bool(_BARE_MARK.fullmatch(words)) or (not wrapped and _is_spaced_mark(text))


def _is_spaced_mark(text: str) -> bool:
    return text.startswith(("...", "…")) and text.endswith(("...", "…")) and _is_dotted_mark(text)


def _words(text: str) -> str:
    """Return the words of a mark in small letters, without dots, brackets and emphasis."""
    cleaned = re.sub(r"[()\[\]{}<>.!*_`…]", " ", text)
    return " ".join(cleaned.lower().split()).strip(" :;,-")


def _is_only_dots(text: str) -> bool:
    return bool(_DOTS.search(text)) and not _DOTS.sub("", text).strip("()[]{}<> ,;")


def _dots_mean(line: _Line, ending: str) -> bool:
    """Tell whether `...` alone on a line has a meaning in the language."""
    if ending in _DOTS_MEAN or _VARIADIC.match(line.text):
        return True
    if ending not in _PYTHON:
        return False
    if line.above.endswith((",", "(", "[", "=", "\\")):
        return True
    goes_on = bool(line.below) and line.below_depth == line.depth
    heads = line.above == "" or line.above.endswith((":", '"""', "'''")) or line.above[0] == "#"
    return heads and not goes_on and (line.depth > 0 or not (line.above or line.below))


def _inline_comments(text: str) -> Iterator[str]:
    for match in _INLINE.finditer(text):
        yield next((group for group in match.groups() if group is not None), "").strip()
