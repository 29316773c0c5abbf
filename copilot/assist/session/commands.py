"""What a person types: slash commands, and the files that a text names with `@`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

# What ends a sentence is no part of a name.
_ENDS = ",.;:!?)]}"
_MENTION = re.compile(r"""(?<!\S)@(?:'([^'\n]+)'|"([^"\n]+)"|([^\s'"]+))""")
_NAME_SHOWN = 40


class Takes(StrEnum):
    """What stands behind a command, and so what completes it."""

    NOTHING = ""
    TEXT = "TEXT"
    PATHS = "PATH…"
    SOME_PATHS = "[PATH]"
    MODEL = "[NAME]"
    SESSION = "[SESSION]"
    COMMAND = "[COMMAND]"
    NUMBER = "[NUMBER]"
    FILE = "[FILE]"
    RANGE = "[RANGE]"


@dataclass(frozen=True)
class Command:
    """A slash command: `name` with its slash, and what it does in one sentence."""

    name: str
    takes: Takes
    about: str
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        return f"{self.name} {self.takes}".rstrip()


COMMANDS = (
    Command("/ask", Takes.TEXT, "Ask about the code; a text without a command does the same."),
    Command("/edit", Takes.TEXT, "Have code changed; you accept each change before it is written."),
    Command("/review", Takes.RANGE, "Review what is staged, `--worktree`, or commits: A..B."),
    Command("/context", Takes.SOME_PATHS, "Show what the model sees: tokens and detail by file."),
    Command("/add", Takes.PATHS, "Show these files in full with the next question."),
    Command("/pin", Takes.PATHS, "Show these files in full, whenever files are laid out anew too."),
    Command("/lower", Takes.PATHS, "Show less of these files: an outline, then the path alone."),
    Command("/drop", Takes.PATHS, "Leave these files out; the files are then laid out anew."),
    Command("/unwish", Takes.PATHS, "Take back what was wished of these files."),
    Command("/model", Takes.MODEL, "Ask another model from now on; without a name, list them."),
    Command("/undo", Takes.NOTHING, "Take back the last change that was written."),
    Command("/redo", Takes.NOTHING, "Write again what was taken back."),
    Command("/map", Takes.NOTHING, "Show where the tokens go."),
    Command("/cost", Takes.NOTHING, "Show what this session took: tokens, time, money."),
    Command("/copy", Takes.NUMBER, "Copy the last answer, or its code block of this number."),
    Command("/export", Takes.FILE, "Write this session as Markdown."),
    Command("/fork", Takes.NUMBER, "Go on in a new session, from the turn of this number on."),
    Command("/sessions", Takes.NOTHING, "List the sessions that are kept."),
    Command("/resume", Takes.SESSION, "Go on with another session: its id, or `last`."),
    Command("/clear", Takes.NOTHING, "Begin a new session."),
    Command("/help", Takes.COMMAND, "Show the commands."),
    Command("/quit", Takes.NOTHING, "Leave; the session is kept.", ("/exit", "/q")),
)
_BY_NAME = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}
ASK = _BY_NAME["/ask"]


@dataclass(frozen=True)
class Entered:
    """What was entered: a command and the text behind it, or a `problem` and no command."""

    command: Command | None
    rest: str = ""
    problem: str = ""


def parse(text: str) -> Entered:
    """Read what was entered. Without a command it is a question; `//` begins one with a slash."""
    bare = text.strip()
    if bare.startswith("//"):
        return Entered(ASK, bare[1:])
    if not bare.startswith("/"):
        return Entered(ASK, bare)
    word, *behind = bare.split(maxsplit=1)
    command = _BY_NAME.get(word.lower())
    if command is None:
        return Entered(None, "", _unknown(word))
    rest = behind[0] if behind else ""
    if command.takes in {Takes.TEXT, Takes.PATHS} and not rest:
        return Entered(None, "", f"{command.name} needs something behind it: {command.usage}")
    return Entered(command, rest)


def _unknown(word: str) -> str:
    """Say that there is no such command, which is the nearest, and how a question begins so."""
    name = word if len(word) <= _NAME_SHOWN else f"{word[:_NAME_SHOWN]}…"
    last = f"/{word.rpartition('/')[2]}"
    near = [
        *get_close_matches(word.lower(), _BY_NAME, 1),
        *get_close_matches(last.lower(), _BY_NAME, 1),
    ]
    meant = f"; did you mean {near[0]}?" if near else ";"
    return f"there is no command {name}{meant} // begins a question with a slash"


def help_text(name: str = "") -> str:
    """Return what a command does, or all of them, a line each."""
    wanted = f"/{name.strip().lstrip('/').lower()}"
    shown = [_BY_NAME[wanted]] if wanted in _BY_NAME else list(COMMANDS)
    width = max(len(command.usage) for command in shown)
    lines = [f"{command.usage:<{width}}  {command.about}" for command in shown]
    if len(shown) > 1:
        lines.append("")
        lines.append("A text without a command is a question. @path puts a file into the focus.")
    return "\n".join(lines)


def paths_in(rest: str) -> tuple[str, ...]:
    """Return the paths behind a command: quoted where they hold blanks, with `@` or without."""
    words = re.findall(r"""@?(?:'([^'\n]+)'|"([^"\n]+)"|(\S+))""", rest)
    return tuple("".join(parts).removeprefix("@") for parts in words)


def mentions(text: str) -> tuple[str, ...]:
    """Return what follows each `@` that begins a word, without the end of a sentence."""
    found = (a or b or c.rstrip(_ENDS) for a, b, c in _MENTION.findall(text))
    return tuple(dict.fromkeys(name for name in found if name))


def quoted_mention(name: str) -> str:
    """Return a name as it is written behind `@`, or behind a command that takes paths."""
    if not re.search(r"""[\s'"]""", name) and name.rstrip(_ENDS) == name:
        return name
    quote = '"' if "'" in name else "'"
    return f"{quote}{name}{quote}"
