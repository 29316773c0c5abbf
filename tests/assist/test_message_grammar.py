"""What the grammar admits is in the form of the history.

None of its rules uses itself, so that it can be read as a regular expression.
"""

from __future__ import annotations

import json
import re

import pytest

from copilot.assist.message_grammar import message_grammar
from copilot.assist.message_style import Customs

TYPED = Customs(types=("feat", "fix"), scopes=("cli", "core"), breaking=True)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|\{\d+,\d+\}|[\w-]+|\S')


def _admits(grammar: str, text: str) -> bool:
    rules = dict(line.split(" ::= ", 1) for line in grammar.splitlines())

    def expression(name: str) -> str:
        made = ""
        for token in _TOKEN.findall(rules[name]):
            if token.startswith('"'):
                made += f"(?:{re.escape(json.loads(token))})"
            elif token in rules:
                made += expression(token)
            else:
                made += token
        return f"(?:{made})"

    return re.fullmatch(expression("root"), text) is not None


@pytest.mark.parametrize(
    ("text", "is_admitted"),
    [
        ("feat: add tea to the menu", True),
        ("feat(cli): add tea to the menu", True),
        ("fix(core)!: add tea to the menu.", True),
        ("fix: read setup.py of 3.11 as UTF-8", True),
        ("feat: add tea to the menu\n\nIt was asked for.\n- twice\n\nAnd often.", True),
        ("docs: add tea to the menu", False),
        ("feat(kitchen): add tea to the menu", False),
        ("add tea to the menu", False),
        ("feat: add tea. It was asked for", False),
        ("feat: add tea to the menu\nIt was asked for.", False),
        ("feat: add tea to the menu\n\n```\ncode\n```", False),
        ("feat: add tea to the menu\n\n+ added", False),
        ("feat: add \x1b tea to the menu", False),
        ("feat: " + "x" * 200, False),
        ("feat: tea\n\n" + "line\n" * 30, False),
    ],
)
def test_typed(text: str, is_admitted: bool) -> None:
    assert _admits(message_grammar(TYPED), text) is is_admitted


@pytest.mark.parametrize(
    ("text", "is_admitted"),
    [
        ("Add tea to the menu", True),
        ("Größere Tassen für den Tee", True),
        ("# Add tea to the menu", False),
        ("```\nAdd tea to the menu\n```", False),
        ("+    if not numbers:", False),
        ("Add tea to the menu\n\nIt was asked for.", False),
    ],
)
def test_plain_without_bodies(text: str, is_admitted: bool) -> None:
    assert _admits(message_grammar(Customs(bodies=False)), text) is is_admitted
