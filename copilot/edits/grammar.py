"""Grammars that let a model write only edits that have a place: first the files, then the blocks.

A small model left free invents or misindents SEARCH lines; held to the grammar, what it writes can
always be placed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from copilot.edits.grammar_rules import Choice, Rules, literal
from copilot.edits.grammar_runs import add_runs

# Blocks of one reply, besides those that create or delete a file.
MAX_BLOCKS = 8
# Files that one reply may name.
MAX_FILES = 16
# A grammar is about six times as long as the lines it is for; servers take no request of any size.
MAX_CHARACTERS = 4_000_000
NO_EDITS = "END OF EDITS: 0 files, 0 blocks\n"


def edit_grammar(
    texts: Mapping[str, str],
    marker: int,
    *,
    created: Sequence[str] = (),
    deleted: Sequence[str] = (),
    again: bool = False,
) -> str | None:
    """Return the grammar for edits of `texts` (path with alias to text with line feeds).

    A block's SEARCH can only be a run of lines that stands in its file once; an empty file is
    written whole. The files `created` and `deleted` have one block each, in front of the others.
    Asked `again`, it may leave out any of these. None if there is nothing to edit, or too much.
    """
    if sum(map(len, texts.values())) > MAX_CHARACTERS or not (texts or created or deleted):
        return None
    rules = Rules()
    others = [(_head(name, marker, "DELETE"), _end(marker)) for name in deleted]
    others += [(_head(name, marker, "CREATE"), f"line+ {_end(marker)}") for name in created]
    fixed = [] if again else [f"{literal(head)} {rest}" for head, rest in others]
    choices = [*_blocks(rules, texts, marker)] + [Choice(*one) for one in others if again]
    _add_frame(rules, fixed, may_edit=bool(choices))
    if choices:
        rules.add("block", rules.one_of(choices))
    if texts or created:
        _add_new_lines(rules, marker)
    return rules.text()


def path_grammar(names: Collection[str], aliases: Iterable[str]) -> str | None:
    """Return the grammar for a list of files to change, its last line counting them.

    Each is one of `names` (paths with alias), or a new one in the repository of an alias with
    `CREATE` before it. There is no way to delete: small models, offered one, take it for files that
    the task does not name. None if there are too many.
    """
    if sum(map(len, names)) > MAX_CHARACTERS:
        return None
    rules = Rules()
    rules.add("root", "file after-1")
    for count in range(1, MAX_FILES + 1):
        closing = literal(f"END OF FILES: {_counted(count, 'file')}\n")
        more = f" | file after-{count + 1}" if count < MAX_FILES else ""
        rules.add(f"after-{count}", closing + more)
    ways = [f"{literal('CREATE ')} new"]
    if names:
        known = rules.one_of([Choice(f"{name}\n") for name in names])
        ways.append(known)
    rules.add("file", " | ".join(ways))
    rules.add("new", " | ".join(f"{literal(f'{alias}/')} part" for alias in aliases))
    rules.add("part", r'[A-Za-z0-9_.-]+ ("/" part | "\n")')
    return rules.text()


def _add_frame(rules: Rules, fixed: Sequence[str], *, may_edit: bool) -> None:
    """Add one block after another, each under its path, then the line that counts them."""
    first = ' "\\n" '.join(fixed) if fixed else "block"
    none = "" if fixed else f" | {literal(NO_EDITS)}"
    start = len(fixed) or 1
    rules.add("root", f"{first} after-{start}{none}")
    last = len(fixed) + MAX_BLOCKS if may_edit else start
    for count in range(start, last + 1):
        closing = f"END OF EDITS: {_counted(count, 'file')}, {_counted(count, 'block')}\n"
        more = f" | block after-{count + 1}" if count < last else ""
        rules.add(f"after-{count}", f'"\\n" ({literal(closing)}{more})')


def _blocks(rules: Rules, texts: Mapping[str, str], marker: int) -> Iterator[Choice]:
    """Yield how the block of each file begins, with the rules for what follows."""
    divider, close = literal("=" * marker + "\n"), literal(">" * marker + " REPLACE\n")
    for name, text in texts.items():
        if not text:
            yield Choice(_head(name, marker, "OVERWRITE"), f"line+ {_end(marker)}")
            continue
        search = add_runs(rules, text.removesuffix("\n").split("\n"))
        yield Choice(_head(name, marker, "SEARCH"), f"{search} {divider} line* {close}")


def _head(name: str, marker: int, verb: str) -> str:
    return f"{name}\n{'<' * marker} {verb}\n"


def _end(marker: int) -> str:
    return literal(">" * marker + " END\n")


def _add_new_lines(rules: Rules, marker: int) -> None:
    """Add what a line of new text may be: anything that cannot be taken for a marker."""
    rules.add("line", r'"\n" | [^<=>\r\n] rest | less | equal | greater')
    rules.add("rest", r'[^\r\n]* "\n"')
    for name, character in (("less", "<"), ("greater", ">")):
        mark = literal(character)
        rules.add(name, rf'{mark} {mark}? {mark}? ("\n" | [^{character}\r\n] rest)')
    # Underlines of headings have any length but the divider's, or more behind it.
    below, divider = literal("="), literal("=" * marker)
    other = " ".join(f"({below}" for _ in range(marker - 2)) + ")?" * (marker - 2)
    rules.add("equal", rf'{below} {other} ("\n" | [^=\r\n] rest) | {divider} [!-~] rest')


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
