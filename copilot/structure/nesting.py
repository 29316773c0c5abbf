"""Which files nest deeper than their grammar's scanner can bear.

The scanners of Markdown and YAML write their stack of open blocks into a buffer of 1,024 bytes
(tree-sitter's TREE_SITTER_SERIALIZATION_BUFFER_SIZE), four bytes a block, and do not look at its
end: some 254 open blocks end the process. Both bounds here lie above what a file really opens.

Perl's and Kotlin's keep a stack of open strings in the same way, and end the process at 83 and at
1,025 strings inside of one another. There the brackets left open are counted, which are as many
where nobody puts false closing ones between them. Of Perl's only those count that can belong to a
variable; its patterns and its documentation hold many others that nothing closes. In Clojure
nothing ends the process, but our queries take cubic time for lists in one another.
"""

from __future__ import annotations

import re

_DEEPEST = 240
_TAB_STOP = 4
_BRACKETS = {"perl": 75, "kotlin": 1000, "clojure": 1000}
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")
_PERL_BRACKET = re.compile(rb"(?<=[\w$@%:>\]}])[\[{]|[\]}]")
_LINE = rb"(?:\A|(?<=[\r\n]))"
_MARKDOWN_MARKERS = re.compile(_LINE + rb"(?:[ \t]+|>|(?:[*+-]|\d{1,9}[.)])(?=\s|\Z))+")
_YAML_MARKERS = re.compile(_LINE + rb"[ \t]*(?:(?:---|[-?:]|[!&][^\s]*)[ \t]+)*")
_YAML_TOKEN = re.compile(rb"[^ \t]+")


def too_deep(language: str, data: bytes) -> bool:
    """Say whether a parser must not see a file."""
    if language == "markdown":
        return any(_markdown_blocks(m[0]) > _DEEPEST for m in _MARKDOWN_MARKERS.finditer(data))
    if language == "yaml":
        return _yaml_levels(data) > _DEEPEST
    bracket = _PERL_BRACKET if language == "perl" else _BRACKET
    return language in _BRACKETS and _open_brackets(bracket, data) > _BRACKETS[language]


def _markdown_blocks(prefix: bytes) -> int:
    """Return how many quotes and list items a line can be in: an item's indent is two or more."""
    tabs, spaces = prefix.count(b"\t"), prefix.count(b" ")
    return len(prefix) - tabs - spaces + (tabs * _TAB_STOP + spaces) // 2


def _yaml_levels(data: bytes) -> int:
    """Return twice the columns where something begins: a list and a mapping can share one."""
    columns: set[int] = set()
    for prefix in _YAML_MARKERS.finditer(data):
        columns.update(token.start() for token in _YAML_TOKEN.finditer(prefix[0]))
        columns.add(len(prefix[0]))
    return 2 * len(columns)


def _open_brackets(pattern: re.Pattern[bytes], data: bytes) -> int:
    """Return how many brackets are open at once, at most."""
    depth = deepest = 0
    for bracket in pattern.finditer(data):
        depth = depth + 1 if bracket[0] in b"([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest
