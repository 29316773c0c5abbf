"""The form of a commit message as a grammar, for servers that follow one."""

from __future__ import annotations

from itertools import product

from copilot.assist.message_style import Customs
from copilot.edits.grammar_rules import Choice, Rules

# A line may be longer than it should: a word that a grammar cuts off is worse than a refusal.
_OVER = 40
_LINE = 200
_MOST_LINES = 8
_LEAST_SUBJECT = 8
_ANY = r"[^\x00-\x1F\x7F]"
# What no subject begins with: a blank, a comment, a fence, a quote, a bullet, a line of a diff.
_FIRST = r"""[^\x00-\x20\x7F#`"'*<>+=@\-]"""
_LAST = r"[^\x00-\x20\x7F.:]"
_FIRST_OF_LINE = r"[^\x00-\x20\x7F#`<>+=@*]"


def message_grammar(customs: Customs) -> str:
    """Return the grammar in GBNF: a subject, and where it is the custom, a blank line and a body.

    Where the history is of Conventional Commits, the subject begins with one of its types, and a
    scope is one of its scopes.
    """
    rules = Rules()
    heads = _heads(customs)
    head = rules.one_of([Choice(text, "words") for text in heads]) if heads else "words"
    more = f'("\\n" "\\n"? line){{0,{_MOST_LINES - 1}}}'
    body = f' ("\\n\\n" line {more})?' if customs.bodies else ""
    most = customs.subject_limit + _OVER
    # One sentence: a full stop ends it (and is taken off where none is the custom).
    rules.add("char", r'[^\x00-\x1F\x7F.] | "." [0-9a-z_]')
    rules.add("words", f'{_FIRST} char{{{_LEAST_SUBJECT},{most}}} {_LAST} "."?')
    rules.add("line", f"{_FIRST_OF_LINE} {_ANY}{{0,{_LINE}}}")
    return f"root ::= {head}{body}\n{rules.text()}"


def _heads(customs: Customs) -> list[str]:
    scopes = ["", *(f"({scope})" for scope in customs.scopes)]
    signs = [": ", "!: "] if customs.breaking else [": "]
    return ["".join(parts) for parts in product(customs.types, scopes, signs)]
