"""Rules for lines of new text: any but markers, or any but those that stand there already."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.edits.grammar_rules import Rules, literal

_CLOSING = "END OF EDITS"
_MARKS = {"<": "less", "=": "equal", ">": "greater", "E": "closing"}
# Characters of a line where what is written has to end.
_SHORT = 100
# Blanks that any line may begin with: a model may write nothing else any more.
_DEEPEST = 120


def add_new_lines(rules: Rules, marker: int, *, underlines: bool, most: int | None = None) -> None:
    """Add the rule `lines` for lines that cannot be taken for markers.

    With `underlines`, they may be rows of `=`: where none is in sight, a small model would write
    the divider as one. At most three lines in a row are empty, since such a model may write nothing
    else any more; `most` bounds all others, and their lengths. Also adds `line` for one that is not
    empty, with those before it, `rest` for any line's end, and `blank`.
    """
    others = "".join(_MARKS)
    rules.add("indent", rf"[ \t]{{0,{_DEEPEST}}}")
    rules.add("empty", r'indent "\n"')
    rules.add("blank", "(empty (empty empty?)?)?")
    marks = " | ".join(_MARKS.values())
    # Behind blanks too: a model that may not end here would write a marker there.
    inner = rf"[^<=> \t\r\n] rest | {' | '.join(_MARKS[mark] for mark in '<=>')}"
    rules.add("line", rf"blank ([^{others} \t\r\n] rest | {marks} | [ \t] indent ({inner}))")
    rules.add("lines", f"{at_most(rules, most)} blank" if most else "line* blank")
    rules.add("rest", r'[^\r\n]* "\n"' if most is None else rf'[^\r\n]{{0,{_SHORT}}} "\n"')
    for name, character in (("less", "<"), ("greater", ">")):
        _add_up_to_three(rules, name, character)
    if underlines:
        # Underlines of headings have any length but the divider's.
        below, divider = literal("="), literal("=" * marker)
        other = " ".join(f"({below}" for _ in range(marker - 2)) + ")?" * (marker - 2)
        longer = rf'{divider} {below} {below}* ("\n" | [^=>\r\n] rest)'
        rules.add("equal", rf'{below} {other} ("\n" | [^=\r\n] rest) | {longer}')
    else:
        _add_up_to_three(rules, "equal", "=")
    _add_closing(rules)


def _add_up_to_three(rules: Rules, name: str, character: str) -> None:
    mark = literal(character)
    rules.add(name, rf'{mark} {mark}? {mark}? ("\n" | [^{character}\r\n] rest)')


def at_most(rules: Rules, count: int) -> str:
    """Add rules for up to so many lines, and return the first's name."""
    then = ""
    for _ in range(count):
        then = rules.same(f"(line {then})?")
    return then


def _add_closing(rules: Rules) -> None:
    """Add the rule for lines that begin as the closing line does, but are another."""
    then = ""
    for character in reversed(_CLOSING[1:]):
        on = f" | {literal(character)} {then}" if then else ""
        then = rules.add(rules.new_name(), rf'"\n" | [^{character}\r\n] rest{on}')
    rules.add("closing", f"{literal(_CLOSING[0])} {then}")


def add_other_lines(rules: Rules, lines: Sequence[str], more: int) -> str:
    """Add rules for any lines but these, and return the name of the first.

    Empty lines behind them make no difference either. There are at most so many `more`: a model
    that would not write anything else goes on for ever. Takes the rules of `add_new_lines`, and one
    rule for each character.
    """
    few = at_most(rules, more - 1)
    then = rules.add(rules.new_name(), f"line {few} blank")
    for line in reversed(lines):
        few = rules.same(f"(line {few})?")
        other = _add_other_line(rules, line)
        same = rules.shared(f"{line}\n")
        then = rules.add(rules.new_name(), f'{same} {then} | {other} {few} blank | ""')
    return then


def _add_other_line(rules: Rules, line: str) -> str:
    """Add rules for any line but this one, blanks at its end apart; return the first's name.

    Where the line begins like a marker, another one has to begin otherwise.
    """
    first = line[:1]
    others = "".join(mark for mark in _MARKS if mark != first)
    ways = [rf"[^{_in_class(first)}{others}\r\n] rest"]
    ways += [name for mark, name in _MARKS.items() if mark != first]
    if first:
        ways.append(r'"\n"')
    if first and first not in _MARKS:
        ways.append(f"{literal(first)} {_add_other_rest(rules, line[1:])}")
    return rules.add(rules.new_name(), " | ".join(ways))


def _add_other_rest(rules: Rules, text: str) -> str:
    """Add rules for any rest of a line but this one, and return the first's name."""
    then = rules.add(rules.new_name(), r"[ \t]* [^ \t\r\n] rest")
    for character in reversed(text):
        body = rf'"\n" | [^{_in_class(character)}\r\n] rest | {literal(character)} {then}'
        then = rules.add(rules.new_name(), body)
    return then


def _in_class(character: str) -> str:
    """Return a character, or none, as it stands between brackets."""
    return f"\\U{ord(character):08X}" if character else ""
