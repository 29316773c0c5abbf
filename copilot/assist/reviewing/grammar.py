"""The grammar of a review's reply: only its hunks, and only lines that stand where it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from copilot.assist.reviewing.finding import Severity
from copilot.assist.reviewing.form import CATEGORIES, shown_name
from copilot.assist.reviewing.places import Place
from copilot.assist.reviewing.shown import ShownHunk
from copilot.edits.grammar_lines import add_new_lines
from copilot.edits.grammar_rules import Choice, Rules, literal
from copilot.edits.grammar_runs import add_runs

# A small model that repeats itself would go on and on.
MOST_FINDINGS = 8
_A_HUNK = 2
_LONGEST_LINE = 400
_NOT_LOOKED = "not looked at\n"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,40}")
_MOST_WORDS = 60
_CLAIM = r'"claim: " [A-Z`a-z] [^\r\n]{10,280} "\n"'
_MOST_LINES = 30
_FEW_LINES = 2000


def review_grammar(
    hunks: Sequence[ShownHunk],
    places: Sequence[Place],
    texts: Mapping[str, str],
    marker: int,
) -> str:
    """Return the grammar for a reply about these hunks.

    A finding quotes a changed line or one of the `places`, and may quote the next line of a hunk.
    `texts` are the files, by name with alias, for which a change may be suggested.
    """
    rules = Rules()
    _add_frame(rules, hunks)
    spots = dict(_spots(hunks, places, rules))
    if not spots:
        return rules.text() + "finding ::= finding\n"
    place = rules.one_of([Choice(text, then) for text, then in spots.items()])
    severities = " | ".join(literal(one.value) for one in Severity)
    categories = " | ".join(map(literal, CATEGORIES))
    rules.add("claim", _CLAIM)
    rules.add("kind", rf'"severity: " ({severities}) "\ncategory: " ({categories}) "\n"')
    more = _suggestion(rules, texts, marker)
    end = literal("END FINDING\n")
    rules.add("finding", f'"FINDING\\nfile: " {place} claim kind {more}{end}')
    return rules.text()


def _add_frame(rules: Rules, hunks: Sequence[ShownHunk]) -> None:
    """Add a line for each hunk, then findings, then the line that counts them."""
    rules.add("told", r'[^\r\n]{10,160} "\n"')
    said = " ".join(
        f"{literal(f'HUNK {hunk.number}: ')} ({_looked(rules, hunk)} | {literal(_NOT_LOOKED)})"
        for hunk in hunks
    )
    rules.add("root", f"{said} after-0".strip())
    most = min(MOST_FINDINGS, _A_HUNK * len(hunks))
    many = f"{len(hunks)} hunk{'' if len(hunks) == 1 else 's'}"
    for count in range(most + 1):
        findings = f"{count} finding{'' if count == 1 else 's'}"
        closing = literal(f"END OF REVIEW: {many}, {findings}\n")
        more = f" | finding after-{count + 1}" if count < most else ""
        rules.add(f"after-{count}", closing + more)


def _looked(rules: Rules, hunk: ShownHunk) -> str:
    """Return what says that a hunk was looked at.

    It begins with a word of a changed line, which keeps small models from repeating the example.
    """
    changed = " ".join(line.text for line in hunk.lines if line.sign != " ")
    words = sorted(set(_WORD.findall(changed)))[:_MOST_WORDS]
    if not words:
        return f"{literal('looked at: ')} told"
    word = rules.same(" | ".join(map(literal, words)))
    return f"{literal('looked at: `')} {word} {literal('` ')} told"


def _spots(
    hunks: Sequence[ShownHunk], places: Sequence[Place], rules: Rules
) -> Iterator[tuple[str, str]]:
    """Yield what says where a finding is and quotes a line there, and the rule for what follows."""
    for hunk in hunks:
        for n, (line, number) in enumerate(zip(hunk.lines, hunk.at, strict=True)):
            # A small model would take the first line that is offered, whatever it is.
            if line.sign != " " and _is_telling(line.text):
                rest = [one.text for one in hunk.lines[n + 1 : n + 2]]
                yield _spot(hunk.name, number, line.text), _next(rules, rest)
    for place in places:
        if _is_telling(place.text):
            yield _spot(place.name, place.line, place.text), _next(rules, ())


def _spot(name: str, number: int, text: str) -> str:
    return f"{shown_name(name)}\nline: {number}\nevidence:\n> {text}\n"


def _next(rules: Rules, lines: Iterable[str]) -> str:
    quoted = [literal(f"> {line}\n") for line in lines if _is_telling(line)]
    return rules.same(" | ".join([*quoted, '""']))


def _is_telling(text: str) -> bool:
    has_word = any(character.isalnum() for character in text)
    return has_word and len(text) <= _LONGEST_LINE and "\r" not in text


def _suggestion(rules: Rules, texts: Mapping[str, str], marker: int) -> str:
    """Add rules for one edit block of these files, and return what calls them."""
    if not any(texts.values()) or sum(text.count("\n") for text in texts.values()) > _FEW_LINES:
        return ""
    divider, close = literal("=" * marker + "\n"), literal(">" * marker + " REPLACE\n")
    blocks = []
    for name, text in texts.items():
        if text:
            search = add_runs(rules, text.removesuffix("\n").split("\n"))
            head = f"{name}\n{'<' * marker} SEARCH\n"
            blocks.append(Choice(head, f"{search} {divider} lines {close}"))
    add_new_lines(rules, marker, underlines=False, most=_MOST_LINES)
    return f'("suggestion:\\n" {rules.one_of(blocks)})? '
