"""What `copilot pack` prints or writes: the prompt in a form, its parts, a map of it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from copilot.assist.pack import Packed
from copilot.assist.scope import Scope
from copilot.cli.keep import write_file
from copilot.cli.show import put
from copilot.cli.talk import say, voice
from copilot.context.compose import filled
from copilot.context.formats import Format, contents_of, formatted
from copilot.context.tokens import count_tokens
from copilot.errors import BudgetExceeded, UsageError
from copilot.settings.amounts import parse_tokens
from copilot.settings.prompts import fill_prompt, load_prompt

Data = bytes | memoryview
IN_TERMINAL = "-"
# A form of another tool may take more tokens for the same files.
FORMAT_SHARE = 0.9


@dataclass(frozen=True)
class Asked:
    """What stands at the end of a prompt; without a `kind` there is nothing."""

    kind: str | None
    text: str


def deliver(data: Sequence[Data], output: Path | None, *, clipboard: bool) -> None:
    """Put a prompt where the user wants it: on the clipboard, into a file, or on stdout."""
    if clipboard:
        copy(b"".join(data).decode())
    if output:
        write_file(output, *data)
    elif not clipboard:
        # The bytes are the contract here, so they are not made harmless as shown text is.
        sys.stdout.buffer.writelines(data)


def data_of(packed: Packed) -> list[Data]:
    """Return the bytes of a prompt in pieces."""
    return [piece for section in packed.prompt.sections for piece in section.pieces]


def in_form(packed: Packed, scope: Scope, form: Format, asked: Asked) -> list[Data]:
    """Return the prompt in another form. Raises BudgetExceeded if that does not fit."""
    how = load_prompt(f"how-{form}", scope.prompts).strip()
    rules = fill_prompt(load_prompt("rules-format", scope.prompts), how=how)
    if beside := scope.rules_beside():
        rules = "\n".join(text.rstrip() for text in (rules, *beside))
    task = load_prompt(f"task-{asked.kind}", scope.prompts) if asked.kind else ""
    task = filled(task, packed.prompt.frame, asked.text) if task else ""
    pieces: list[Data] = list(formatted(contents_of(packed.prompt, rules, task), form))
    tokens = sum(count_tokens([bytes(piece) for piece in pieces], scope.tokenizer))
    if scope.budget is not None and tokens > round(scope.budget / FORMAT_SHARE):
        raise BudgetExceeded(
            f"as {form} the prompt has {tokens:,} tokens", "lower --budget a little, or raise it"
        )
    say(f"as {form}: {tokens:,} tokens")
    return pieces


def deliver_parts(packed: Packed, scope: Scope, amount: str, output: Path | None) -> None:
    """Write a prompt in parts of at most so many tokens, `FILE.1` and so on, or print them."""
    from copilot.context.split import PartWords, pieces_of_prompt, split

    words = PartWords(
        load_prompt("split-part", scope.prompts), load_prompt("split-last", scope.prompts)
    )
    count = partial(count_tokens, tokenizer=scope.tokenizer)
    parts = split(pieces_of_prompt(packed.prompt), parse_tokens(amount), words, count)
    if output is None:
        if len(parts) > 1:
            raise UsageError(
                f"the prompt is in {len(parts)} parts", "name a file for them: -o FILE"
            )
        deliver(parts[0].pieces, None, clipboard=False)
        return
    for part in parts:
        file = output.with_name(f"{output.name}.{part.number}")
        write_file(file, *part.pieces)
        say(f"{file}: {part.tokens:,} tokens, {_listed(part.labels)}")


def draw(packed: Packed, limit: int, place: str) -> None:
    """Draw where the tokens went: on stdout, or as a picture into an SVG file."""
    from copilot.context.treemap_figures import spent_on

    spent = spent_on(packed.prompt, limit)
    if place == IN_TERMINAL:
        from copilot.context.treemap_text import treemap_text

        width, height = shutil.get_terminal_size((100, 40))
        colour = voice.color and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(treemap_text(spent, width, max(height - 1, 10), colour=bool(colour)))
        return
    if not place.endswith(".svg"):
        raise UsageError(f"--map {place}: not a name of a picture", "say --map FILE.svg, or --map")
    from copilot.context.treemap_svg import treemap_svg

    write_file(Path(place), treemap_svg(spent).encode())
    put(f"{place}\n")


def _listed(labels: Sequence[str]) -> str:
    return f"{len(labels)} pieces" if len(labels) != 1 else labels[0]


def copy(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException as error:
        raise UsageError(
            "there is no clipboard to copy to", "use -o FILE, or install xclip or wl-clipboard"
        ) from error


def with_map_joined(arguments: Sequence[str]) -> Iterator[str]:
    """Yield the arguments of `pack` with the file of `--map`, which it may lack, joined to it."""
    waiting = iter(arguments)
    for argument in waiting:
        if argument != "--map":
            yield argument
            continue
        following = next(waiting, None)
        if following is not None and following.endswith(".svg"):
            yield f"--map={following}"
            continue
        yield f"--map={IN_TERMINAL}"
        if following is not None:
            yield from with_map_joined([following, *waiting])
