"""Rules for lines of new text: any but markers, or any but those that stand there already."""

from __future__ import annotations

from collections.abc import Sequence

from copilot.edits.grammar_rules import Rules, literal

_CLOSING = "END OF EDITS:"
_MARKS = {"<": "less", "=": "equal", ">": "greater", "E": "closing"}


def add_new_lines(rules: Rules, marker: int) -> None:
    """Add the rule `line` for what cannot be taken for a marker, and `rest` for any line's end."""
    others = "".join(_MARKS)
    rules.add("line", rf'"\n" | [^{others}\r\n] rest | {" | ".join(_MARKS.values())}')
    rules.add("rest", r'[^\r\n]* "\n"')
    for name, character in (("less", "<"), ("greater", ">")):
        mark = literal(character)
        rules.add(name, rf'{mark} {mark}? {mark}? ("\n" | [^{character}\r\n] rest)')
    # Underlines of headings have any length but the divider's, or more behind it.
    below, divider = literal("="), literal("=" * marker)
    other = " ".join(f"({below}" for _ in range(marker - 2)) + ")?" * (marker - 2)
    rules.add("equal", rf'{below} {other} ("\n" | [^=\r\n] rest) | {divider} [!-~] rest')
    _add_closing(rules)


def _add_closing(rules: Rules) -> None:
    """Add the rule for lines that begin as the closing line does, but are another."""
    then = ""
    for character in reversed(_CLOSING[1:]):
        on = f" | {literal(character)} {then}" if then else ""
        then = rules.add(rules.new_name(), rf'"\n" | [^{character}\r\n] rest{on}')
    rules.add("closing", f"{literal(_CLOSING[0])} {then}")


def add_other_lines(rules: Rules, lines: Sequence[str]) -> str:
    """Add rules for any lines but these, and return the name of the first.

    Empty lines behind them make no difference either. Takes the rules of `add_new_lines`, and one
    rule for each character.
    """
    others = "".join(_MARKS)
    ends = " | ".join(f"{name} line*" for name in _MARKS.values())
    said = rf"[^{others} \t\r\n] rest line* | [ \t]+ [^ \t\r\n] rest line*"
    then = rules.add(rules.new_name(), rf'"\n"* ({said} | {ends})')
    for line in reversed(lines):
        other = _add_other_line(rules, line)
        same = rules.shared(f"{line}\n")
        then = rules.add(rules.new_name(), f'{same} {then} | {other} line* | ""')
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
