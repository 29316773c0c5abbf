"""What the grammar lets a model write is in the form, quotes what stands there, counts right."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copilot.assist.reviewing.asking import grammar_of, judge
from copilot.assist.reviewing.context import Asked
from copilot.assist.reviewing.parse import parse_review

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]|[\w-]+|[|()?*+]|\{\d+,\d+\}')
_ESCAPES = re.compile(r"\\(?:U([0-9A-F]{8})|(.))")


class _Grammar:
    """Derives random sentences of a grammar in GBNF."""

    def __init__(self, text: str, seed: int) -> None:
        rules = (line.split(" ::= ", 1) for line in text.splitlines())
        self._rules = {name: _TOKEN.findall(body) for name, body in rules}
        self._pick = random.Random(seed)  # noqa: S311

    def sentence(self, name: str = "root") -> str:
        ways = self._ways(list(self._rules[name]))
        return "".join(self._part(*one) for one in self._pick.choice(ways))

    def _ways(self, tokens: list[str]) -> list[list[tuple[Any, str]]]:
        ways: list[list[tuple[Any, str]]] = [[]]
        while tokens and tokens[0] != ")":
            token = tokens.pop(0)
            if token == "|":
                ways.append([])
                continue
            part: Any = token
            if token == "(":
                part = self._ways(tokens)
                tokens.pop(0)
            times = tokens.pop(0) if tokens and tokens[0][0] in "?*+{" else ""
            ways[-1].append((part, times))
        return ways

    def _part(self, part: Any, times: str) -> str:
        return "".join(self._one(part) for _ in range(self._count(times)))

    def _count(self, times: str) -> int:
        if times.startswith("{"):
            least, most = map(int, times.strip("{}").split(","))
            return self._pick.randint(least, min(most, least + 9))
        return {"": 1, "?": self._pick.randint(0, 1), "*": self._pick.randint(0, 3)}.get(times, 1)

    def _one(self, part: Any) -> str:
        if not isinstance(part, str):
            return "".join(self._part(*one) for one in self._pick.choice(part))
        if part.startswith('"'):
            return _ESCAPES.sub(_character, part[1:-1])
        if part.startswith("[^"):
            return self._pick.choice("abc >:`.")
        return self._pick.choice("Abc `") if part.startswith("[") else self.sentence(part)


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return {"n": "\n", "r": "\r", "t": "\t"}.get(match[2], match[2])


@pytest.fixture
def asked(make_repository: Callable[..., Path], git: Callable[..., str], reviewed: Any) -> Asked:
    files = {
        "shop.py": 'def mean(a):\n    """Mean "of" \\ a."""\n    return sum(a) / len(a)\n',
        "sub/r\u00e4port.py": "from shop import mean\n\nx = mean([1])\n",
    }
    root = make_repository(files, "repo")
    (root / "shop.py").write_text(files["shop.py"].replace("    return", "    # gone\n    return"))
    (root / "new.txt").write_text("END FINDING\n> quoted\nclaim: mine\n\n}\n")
    git(root, "add", "--all")
    (found,) = reviewed(root).asked
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", range(60))
def test_every_sentence_is_a_reply_that_stands(asked: Asked, seed: int) -> None:
    reply = _Grammar(grammar_of(asked), seed).sentence()
    heard = parse_review(reply, [hunk.number for hunk in asked.hunks])
    assert heard.broken == "", reply
    said = judge(asked, reply)
    assert len(said.findings) == reply.count("\nEND FINDING\nEND") + reply.count(
        "\nEND FINDING\nFINDING"
    )
    reasons = {one.reason for one in said.dropped}
    assert reasons <= {"a suggestion that is no edit of what was shown"}, reply


def test_a_hunk_may_be_said_not_to_be_looked_at(asked: Asked) -> None:
    grammar = grammar_of(asked)
    replies = {_Grammar(grammar, seed).sentence() for seed in range(40)}
    looked = {len(parse_review(reply, [1, 2]).looked_at) for reply in replies}
    assert looked == {0, 1, 2}


def test_only_what_was_shown_can_be_named(asked: Asked) -> None:
    grammar = grammar_of(asked)
    assert "HUNK 3" not in grammar
    assert "passwd" not in grammar
    text = "".join(_Grammar(grammar, seed).sentence() for seed in range(80))
    named = set(re.findall(r"(?m)^file: (.*)$", text))
    assert named == {"repo/shop.py", "repo/new.txt", "repo/sub/r\u00e4port.py"}
