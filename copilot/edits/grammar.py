"""Grammars that let a model write only edits that have a place: first the files, then the blocks.

A small model left free invents or misindents SEARCH lines; held to the grammar, what it writes can
always be placed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from copilot.edits.grammar_lines import add_new_lines, add_other_lines
from copilot.edits.grammar_paths import NewPaths
from copilot.edits.grammar_rules import Choice, Rules, literal
from copilot.edits.grammar_runs import add_runs, add_short_runs
from copilot.edits.operations import Replace

# Blocks of one reply, besides those that must stand in front of them.
MAX_BLOCKS = 8
# Lines of new text in a short one, besides empty ones.
SHORT_LINES = 12
# Lines more than stood there, where other ones have to be written.
MORE_LINES = 6
# Files that one reply may name.
MAX_FILES = 16
# A grammar is about six times as long as the lines it is for; servers take no request of any size.
MAX_CHARACTERS = 4_000_000
# What stands above the path of a file that is offered to be deleted or moved.
DELETED_FILE, MOVED_FILE = "A file to delete:\n", "A file to move:\n"
NO_EDITS = "END OF EDITS: 0 files, 0 blocks\n"
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Wholes:
    """Files, by their names with alias, that may be deleted and moved, and that are to be made."""

    deleted: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    created: tuple[str, ...] = ()


def edit_grammar(
    texts: Mapping[str, str],
    marker: int,
    paths: NewPaths,
    wholes: Wholes | None = None,
    *,
    offered: Wholes | None = None,
    again: bool = False,
    bare: Mapping[str, str] = _NO_NAMES,
) -> str | None:
    """Return the grammar for edits of `texts` (path with alias to text with line feeds).

    A block's SEARCH can only be a run of lines that stands in its file once; an empty file is
    written whole. Of the `wholes`, those to make come first, each in one block; asked `again`, the
    model may leave out any of these, or write no block at all. Those `offered` may be made, and
    under a line that announces it deleted or moved: without that line, small models delete files
    that they should edit. A file to edit may also be called by its `bare` name, if it has one. None
    if there is nothing to edit, or too much.
    """
    if not _fits(texts.values()):
        return None
    rules = Rules()
    wholes, offered = wholes or Wholes(), offered or Wholes()
    new = paths.add(rules) if wholes.renamed or offered.renamed else {}
    known = [*_blocks(rules, texts, marker, bare)]
    known += _whole_blocks(wholes, marker, paths, new)
    known += _creations(offered.created, marker)
    known += _whole_blocks(offered, marker, paths, new, (DELETED_FILE, MOVED_FILE))
    fixed = _creations(wholes.created, marker)
    if again:
        known, fixed = known + fixed, []
    if not (known or fixed):
        return None
    heads = [f"{literal(one.text)} {one.then}" for one in fixed]
    _add_frame(rules, heads, may_edit=bool(known), may_end=again)
    if known:
        rules.add("block", rules.one_of(known))
    add_new_lines(rules, marker, underlines=_has_underlines(texts))
    return rules.text()


def differing_grammar(idle: Sequence[Replace], marker: int, more: int = MORE_LINES) -> str:
    """Return the grammar for blocks that change nothing, with lines that differ in their place.

    There are at most so many lines `more`. The grammar for all runs of a file's lines cannot hold
    what replaces each to be different.
    """
    rules = Rules()
    blocks = []
    for block in idle:
        new = add_other_lines(rules, block.search.removesuffix("\n").split("\n"), more)
        head = literal(f"{_head(block.path, marker, 'SEARCH')}{block.search}{'=' * marker}\n")
        blocks.append(f"{head} {new} {literal('>' * marker + ' REPLACE' + chr(10))}")
    files = len({block.path for block in idle})
    end = literal(f"\n{_closing(files, len(idle))}")
    rules.add("root", ' "\\n" '.join(blocks) + f" {end}")
    add_new_lines(rules, marker, underlines=False, most=more)
    return rules.text()


def short_grammar(
    texts: Mapping[str, str], marker: int, bare: Mapping[str, str] = _NO_NAMES
) -> str | None:
    """Return the grammar for one short block, where a longer reply did not come to its end.

    None if none of the texts has a short run of lines that stands once, or they are too long.
    """
    if not _fits(texts.values()):
        return None
    rules = Rules()
    divider, close = literal("=" * marker + "\n"), literal(">" * marker + " REPLACE\n")
    known = []
    for name, text in texts.items():
        search = add_short_runs(rules, text.removesuffix("\n").split("\n")) if text else None
        if search:
            heads = _heads(name, marker, "SEARCH", bare)
            known += [Choice(head, f"{search} {divider} lines {close}") for head in heads]
    if not known:
        return None
    rules.add("root", f"{rules.one_of(known)} {literal(chr(10) + _closing(1, 1))}")
    add_new_lines(rules, marker, underlines=_has_underlines(texts), most=SHORT_LINES)
    return rules.text()


def path_grammar(names: Collection[str], paths: NewPaths) -> str | None:
    """Return the grammar for a list of files to change, its last line counting them.

    Each is one of `names` (paths with alias), with `DELETE` or `RENAME` before it if it is to go or
    to move, or a new one with `CREATE` before it. None if there are too many, or none at all.
    """
    if not _fits(names):
        return None
    rules = Rules()
    new = [f"{literal('CREATE ')} {rule}" for rule in paths.add(rules).values()]
    known = [rules.one_of([Choice(f"{name}\n") for name in names])] if names else []
    verbs = f"{literal('DELETE ')} | {literal('RENAME ')}"
    ways = [f"({verbs})? {rule}" for rule in known] + new
    if not ways:
        return None
    rules.add("root", "file after-1")
    for count in range(1, MAX_FILES + 1):
        closing = literal(f"END OF FILES: {_counted(count, 'file')}\n")
        more = f" | file after-{count + 1}" if count < MAX_FILES else ""
        rules.add(f"after-{count}", closing + more)
    rules.add("file", " | ".join(ways))
    return rules.text()


def _has_underlines(texts: Mapping[str, str]) -> bool:
    """Tell whether a line of the files begins with a row of the divider's characters."""
    return any(f"\n{text}".find("\n====") >= 0 for text in texts.values())


def _fits(texts: Collection[str]) -> bool:
    return sum(map(len, texts)) <= MAX_CHARACTERS


def _add_frame(rules: Rules, fixed: Sequence[str], *, may_edit: bool, may_end: bool) -> None:
    """Add one block after another, each under its path, then the line that counts them."""
    first = ' "\\n" '.join(fixed) if fixed else "block"
    none = f" | {literal(NO_EDITS)}" if may_end else ""
    start = len(fixed) or 1
    rules.add("root", f"{first} after-{start}{none}")
    last = len(fixed) + MAX_BLOCKS if may_edit else start
    for count in range(start, last + 1):
        closing = _closing(count, count)
        more = f" | block after-{count + 1}" if count < last else ""
        rules.add(f"after-{count}", f'"\\n" ({literal(closing)}{more})')


def _blocks(
    rules: Rules, texts: Mapping[str, str], marker: int, bare: Mapping[str, str]
) -> Iterator[Choice]:
    """Yield how the block of each file begins, with the rules for what follows."""
    divider, close = literal("=" * marker + "\n"), literal(">" * marker + " REPLACE\n")
    for name, text in texts.items():
        if not text:
            for head in _heads(name, marker, "OVERWRITE", bare):
                yield Choice(head, f"line lines {_end(marker)}")
            continue
        search = add_runs(rules, text.removesuffix("\n").split("\n"))
        for head in _heads(name, marker, "SEARCH", bare):
            yield Choice(head, f"{search} {divider} lines {close}")


def _whole_blocks(
    wholes: Wholes,
    marker: int,
    paths: NewPaths,
    new: Mapping[str, str],
    above: tuple[str, str] = ("", ""),
) -> Iterator[Choice]:
    """Yield the blocks that delete and move files, what stands `above` them with them.

    A move stays in its repository.
    """
    for name in wholes.deleted:
        yield Choice(above[0] + _head(name, marker, "DELETE"), _end(marker))
    for name in wholes.renamed:
        alias = paths.repository(name)
        if alias in new:
            head = above[1] + _head(name, marker, "RENAME")
            yield Choice(head, f"{new[alias]} {_end(marker)}")


def _creations(names: Collection[str], marker: int) -> list[Choice]:
    return [Choice(f"{name}\n", _creation(marker)) for name in names]


def _creation(marker: int) -> str:
    """Return what stands below the path of a new file."""
    return f"{literal('<' * marker + ' CREATE' + chr(10))} lines {_end(marker)}"


def _head(name: str, marker: int, verb: str) -> str:
    return f"{name}\n{'<' * marker} {verb}\n"


def _heads(name: str, marker: int, verb: str, bare: Mapping[str, str]) -> list[str]:
    called = [name, bare[name]] if name in bare else [name]
    return [_head(one, marker, verb) for one in called]


def _end(marker: int) -> str:
    return literal(">" * marker + " END\n")


def _closing(files: int, blocks: int) -> str:
    return f"END OF EDITS: {_counted(files, 'file')}, {_counted(blocks, 'block')}\n"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
