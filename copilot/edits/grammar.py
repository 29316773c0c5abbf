"""A grammar that lets a model write only edit blocks whose SEARCH stands in the file, once.

The notation is GBNF (llama.cpp, grammars/README.md). A small model left free invents or misindents
SEARCH lines; held to the grammar, what it writes can always be placed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

MAX_BLOCKS = 8
# Beyond this many lines the server takes longer to read the grammar than it saves.
MAX_LINES = 20_000


def edit_grammar(texts: Mapping[str, str], marker: int) -> str | None:
    """Return the grammar for edits of `texts` (path with alias to text with line feeds).

    None if there is nothing to edit or the texts have more than MAX_LINES lines.
    """
    files = {name: text.removesuffix("\n").split("\n") for name, text in texts.items() if text}
    if not files or sum(map(len, files.values())) > MAX_LINES:
        return None
    rules = [*_reply_rules(len(files)), *_line_rules()]
    for number, (name, lines) in enumerate(files.items()):
        rules += _file_rules(number, name, lines, marker)
    return "\n".join(rules) + "\n"


def _reply_rules(files: int) -> Iterator[str]:
    """Yield the frame: one block after another, each under its path, then their count."""
    yield "root ::= block after-1"
    for count in range(1, MAX_BLOCKS + 1):
        plural = "" if count == 1 else "s"
        closing = _literal(f"END OF EDITS: {count} file{plural}, {count} block{plural}\n")
        more = f" | block after-{count + 1}" if count < MAX_BLOCKS else ""
        yield f'after-{count} ::= "\\n" ({closing}{more})'
    yield f"block ::= {' | '.join(f'file-{number}' for number in range(files))}"


def _line_rules() -> Iterator[str]:
    """Yield what a line of new text may be: anything that cannot be taken for a marker."""
    yield 'line ::= "\\n" | [^<=>\\n] [^\\n]* "\\n" | less | equal | greater'
    for name, character in (("less", "<"), ("equal", "="), ("greater", ">")):
        mark = f'"{character}"'
        yield f'{name} ::= {mark} {mark}? {mark}? ([^{character}\\n] [^\\n]*)? "\\n"'


def _file_rules(number: int, name: str, lines: Sequence[str], marker: int) -> Iterator[str]:
    """Yield the block for one file: SEARCH is a run of its lines that occurs once."""
    head = _literal(f"{name}\n{'<' * marker} SEARCH\n")
    divider, close = _literal("=" * marker + "\n"), _literal(">" * marker + " REPLACE\n")
    starts = [
        f"{_literal(''.join(line + chr(10) for line in lines[first : first + length]))}"
        + (f" line-{number}-{first + length}?" if first + length < len(lines) else "")
        for first, length in _shortest_unique_runs(lines)
    ]
    yield f"file-{number} ::= {head} search-{number} {divider} line* {close}"
    yield f"search-{number} ::= {' | '.join(starts)}"
    for index in range(1, len(lines)):
        following = f" line-{number}-{index + 1}?" if index + 1 < len(lines) else ""
        yield f"line-{number}-{index} ::= {_literal(lines[index] + chr(10))}{following}"


def _shortest_unique_runs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield (first line, length) of the shortest run from each line on that occurs once.

    Runs of equal text share a class; each round makes every run one line longer.
    """
    classes: dict[int, int] = dict.fromkeys(range(len(lines)), 0)
    length = 0
    while classes:
        length += 1
        seen: dict[tuple[int, str], int] = {}
        longer = {
            first: seen.setdefault((old, lines[first + length - 1]), len(seen))
            for first, old in classes.items()
            if first + length <= len(lines)
        }
        sizes = Counter(longer.values())
        yield from ((first, length) for first, own in longer.items() if sizes[own] == 1)
        classes = {first: own for first, own in longer.items() if sizes[own] > 1}


def _literal(text: str) -> str:
    """Return the text as a GBNF string."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == "\n":
        return "\\n"
    return character if character.isprintable() else f"\\U{ord(character):08X}"
