"""A model's reply read as a commit message, strictly: one message in the form of the history.

What can be mended without a doubt is mended; all else is refused with a reason that the model is
told.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from copilot.assist.message_issues import Issues
from copilot.assist.message_style import (
    KNOWN_TYPES,
    OF_A_FORGE,
    TRAILER,
    TYPED,
    USUAL_WIDTH,
    Customs,
    names_person,
    trailers_of,
)
from copilot.errors import CopilotError
from copilot.text import is_harmful
from copilot.workspace.masks.placeholders import PLACEHOLDER

_MOST_BODY_LINES = 60
_NO_PLACEHOLDER = "a placeholder that begins with MASKED_ must not be repeated"
_THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"\A\s*<(?:think|thinking|reasoning)>", re.IGNORECASE)
_FENCED = re.compile(r"(?:[^\n]*:\n+)?(```+|~~~+)[^\n`]*\n(?P<inner>.*?)\n?\1\s*", re.DOTALL)
_PREAMBLE = re.compile(
    r"(?:here(?:'s| is| are)|sure|certainly|of course|okay|(?:the |a )?commit message)\b[^\n]*:\n+",
    re.IGNORECASE,
)
_NOT_A_SUBJECT = re.compile(
    r"(?:here(?:'s| is| are)\b|sure[,!.]|certainly[,!.]|subject:|commit message:|```|~~~|</?think)",
    re.IGNORECASE,
)
_NOT_IN_A_BODY = re.compile(r"(?:```|~~~|diff --git |.*-{8,} >8 -{8,})")
_WRAPPED_SUBJECT = re.compile(r"(?:#+ +)?(?P<mark>\*\*|__|[`\"'])?(?P<inner>.+?)(?(mark)(?P=mark))")
_CLAUSE_END = re.compile(r"[.,;(]|:(?= )|[,;]? (?:and|by|so|so that|to|which)\b")
_BULLET = re.compile(r"(?P<indent>\s*(?:[-*+•]|\d{1,2}[.)])\s+)")
_VERBATIM = re.compile(r"(?: {4}|\t)")
# Keys that name an issue, a person or a tool; other words before a colon are prose.
_REFERENCE = re.compile(
    r"(?:[A-Za-z]+-[A-Za-z-]+|fix(?:es|ed)?|clos(?:es?|ed)|resolv(?:es?|ed)|refs?|see|bug|issue|cc"
    r"|link|related)",
    re.IGNORECASE,
)


class MessageRefused(CopilotError):
    """A reply is no message for this repository; `message` tells a model why."""


class MessageCopied(MessageRefused):
    """A reply repeats the subject of an earlier commit."""


class IssueInvented(MessageRefused):
    """The body of a reply names an issue that nobody told the model of."""


@dataclass(frozen=True)
class Message:
    """A commit message: its subject, the body's lines, and trailers as they are written."""

    subject: str
    body: str = ""
    trailers: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole message, its last line ended."""
        parts = (self.subject, self.body, "\n".join(self.trailers))
        return "\n\n".join(part for part in parts if part) + "\n"

    def signed(self, who: str) -> Message:
        """Return the message with a sign-off behind all else."""
        return replace(self, trailers=(*self.trailers, f"Signed-off-by: {who}"))


def read_message(reply: str, customs: Customs, known: str, comment_mark: str = "#") -> Message:
    """Return the message that a reply is. Raises MessageRefused.

    `known` is what the model was shown of the change: an issue or a reference that does not stand
    there is invented. A subject must not begin like a comment.
    """
    text = _unwrapped(_cleaned(reply))
    subject, _, rest = text.partition("\n")
    if not subject.strip():
        raise MessageRefused("the reply is empty")
    if rest and rest.partition("\n")[0].strip():
        raise MessageRefused("the second line must be blank: the subject is one line")
    issues = Issues(known, customs.examples)
    trailers, body = _parted(rest, customs, issues)
    read = _subject(subject, customs, issues, comment_mark)
    return Message(read, _body(body, customs, issues), trailers)


def subject_alone(reply: str) -> str:
    """Return a reply without its body."""
    return _unwrapped(_cleaned(reply)).partition("\n")[0]


def shortened(reply: str, customs: Customs) -> str:
    """Return the subject alone, cut where a clause ends; the reply unchanged if it cannot be."""
    text = _unwrapped(_cleaned(reply))
    subject, _, _ = text.partition("\n")
    ends = [found.start() for found in _CLAUSE_END.finditer(subject)]
    fitting = [end for end in ends if customs.subject_limit // 3 <= end <= customs.subject_limit]
    if len(subject) <= customs.subject_limit or not fitting:
        return reply
    return subject[: fitting[-1]].rstrip(" ,;:(")


def _cleaned(reply: str) -> str:
    """Return the reply without thoughts, and without characters that a terminal obeys."""
    text = _THOUGHT.sub("", reply.replace("\r\n", "\n"), 1)
    if _OPEN_THOUGHT.match(text):
        raise MessageRefused("the reply breaks off")
    text = text.replace("\t", "    ").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = "".join(one for one in text if one == "\n" or not is_harmful(one))
    return "\n".join(line.rstrip() for line in kept.split("\n")).strip("\n")


def _unwrapped(text: str) -> str:
    """Return the message without the fence or the sentence that a model put around it."""
    fenced = _FENCED.fullmatch(text)
    if fenced:
        return fenced["inner"].strip("\n")
    return _PREAMBLE.sub("", text, 1) if _PREAMBLE.match(text) else text


def _subject(line: str, customs: Customs, issues: Issues, comment_mark: str) -> str:
    wrapped = _WRAPPED_SUBJECT.fullmatch(line.strip())
    text = wrapped["inner"].strip() if wrapped else line.strip()
    _check_words(text, comment_mark)
    text = issues.without_asides(issues.without_first(OF_A_FORGE.sub("", text)))
    text = _typed(text, customs, issues)
    if customs.full_stop is False and text.endswith(".") and not text.endswith(".."):
        text = text[:-1].rstrip()
    _check_words(text, comment_mark)
    for issue in issues.invented(text):
        raise MessageRefused(f"nothing that you were shown names {issue}; leave it out")
    if len(text) > customs.subject_limit:
        raise MessageRefused(
            f"the subject has {len(text)} characters; at most {customs.subject_limit} are allowed"
        )
    if text.casefold() in customs.once:
        raise MessageCopied("it is the subject of an earlier commit; say what this change does")
    return text


def _check_words(text: str, comment_mark: str) -> None:
    """Raise MessageRefused for what no subject is."""
    if _NOT_A_SUBJECT.match(text):
        raise MessageRefused("the reply must begin with the subject itself")
    if PLACEHOLDER.search(text):
        raise MessageRefused(_NO_PLACEHOLDER)
    if text.startswith(comment_mark):
        raise MessageRefused(f"the subject must not begin with {comment_mark}")
    if names_person(text):
        raise MessageRefused("the subject must name nobody who wrote or signed anything")
    if text.endswith(":") or not any(one.isalnum() for one in text):
        raise MessageRefused("the subject says nothing")


def _typed(text: str, customs: Customs, issues: Issues) -> str:
    """Return the subject with the type and scope that the history allows. Raises MessageRefused."""
    match = TYPED.match(text)
    if not customs.types:
        is_type = match is not None and match["type"].lower() in KNOWN_TYPES
        return _begun(text[match.end() :] if match and is_type else text, customs)
    # Of two spellings, the more frequent one.
    types = {one.lower(): one for one in reversed(customs.types)}
    found = types.get(match["type"].lower()) if match else None
    if match is None or found is None:
        raise MessageRefused(f"the subject must begin with one of: {', '.join(customs.types)}")
    scope = f"({match['scope']})" if match["scope"] in customs.scopes else ""
    breaking = "!" if match["breaking"] and customs.breaking else ""
    words = issues.without_first(text[match.end() :])
    return f"{found}{scope}{breaking}: {_begun(words, customs)}"


def _begun(text: str, customs: Customs) -> str:
    """Return the words, the first with a capital where that is the custom and it is plain."""
    first = text.partition(" ")[0]
    is_plain = first.isascii() and first.isalpha() and first.islower()
    return text[:1].upper() + text[1:] if customs.capital and is_plain else text


def _parted(rest: str, customs: Customs, issues: Issues) -> tuple[tuple[str, ...], list[str]]:
    """Return the trailers that may stand, and the lines of the body without any."""
    allowed = {key.lower() for key in customs.trailers}
    told = {f"{key}: {value}" for key, value in trailers_of(f"subject\n\n{rest.strip()}")}
    kept: list[str] = []
    body: list[str] = []
    for line in rest.split("\n"):
        match = TRAILER.fullmatch(line.strip())
        if match is None or not (names_person(line) or line.strip() in told):
            body.append(line)
        elif match["key"].lower() in allowed and issues.stands(match["value"]):
            kept.append(line.strip())
        elif not names_person(line) and not _REFERENCE.fullmatch(match["key"]):
            body.append(line)
    return tuple(dict.fromkeys(kept)), body


def _body(lines: Sequence[str], customs: Customs, issues: Issues) -> str:
    if not customs.bodies:
        return ""
    for line in lines:
        if _NOT_IN_A_BODY.match(line):
            raise MessageRefused("the body must be plain text, without fences and without a diff")
    kept = (issues.without_asides(line) for line in lines if not issues.is_aside(line))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")
    for issue in issues.invented(text):
        raise IssueInvented(f"nothing that you were shown names {issue}; leave it out")
    if PLACEHOLDER.search(text):
        raise MessageRefused(_NO_PLACEHOLDER)
    wrapped = list(_wrapped(text.split("\n"), customs.body_width)) if text else []
    if len(wrapped) > _MOST_BODY_LINES:
        raise MessageRefused(f"the body has more than {_MOST_BODY_LINES} lines")
    return "\n".join(wrapped)


def _wrapped(lines: Sequence[str], width: int | None) -> Iterator[str]:
    """Yield the lines, each that is too long as several; what is indented like code stays."""
    for line in lines:
        bullet = _BULLET.match(line)
        if width is None or len(line) <= width or _VERBATIM.match(line):
            yield line
            continue
        hanging = " " * len(bullet["indent"]) if bullet else ""
        yield from textwrap.wrap(
            line,
            max(width, USUAL_WIDTH // 2),
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
