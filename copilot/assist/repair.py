"""What goes back to the model when its edits have no place, or fail the check; and what comes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from copilot.assist.check import Check
from copilot.assist.propose import LATER, Attempt, said
from copilot.backends.protocol import Message
from copilot.edits.operations import Operation, Reply
from copilot.edits.place import Refusal
from copilot.errors import EditsRefused
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import visible
from copilot.workspace.masker import Masker

# Of a long list of refusals, and of what a check printed, as much as a model can use.
_MOST_CHARACTERS = 20_000
_BACKTICKS = re.compile(r"`+")
_LEFT_OUT = " (less what the reviewer left out)"


def turns(reply: str, request: str) -> tuple[Message, Message]:
    """Return what stands behind the prompt when it is asked on: the reply, and the new request."""
    # A lone surrogate, which a reply may hold, cannot be sent.
    sendable = reply.encode("utf-8", "backslashreplace").decode()
    return Message("assistant", sendable), Message("user", request)


def asks_to_mend(attempt: Attempt, prompts: Path) -> str:
    """Return the request for new edits in place of those that were refused.

    Lines of a file are quoted only if the model saw the file, and with its secrets masked.
    """
    told = [_fit_to_tell(refusal, attempt) for refusal in attempt.refusals]
    kept = len(_kept(attempt.reply.operations, attempt.refusals))
    words = load_prompt("repair-kept", prompts).rstrip("\n") if kept else ""
    return fill_prompt(
        load_prompt("repair", prompts),
        refusals=said(told)[:_MOST_CHARACTERS],
        kept=fill_prompt(words, count=str(kept)),
    )


def asks_for_form(refusal: EditsRefused, prompts: Path) -> str:
    """Return the request for the same reply in a form that can be read."""
    return fill_prompt(load_prompt("repair-form", prompts), reason=visible(refusal.message))


def asks_to_pass(
    command: str, check: Check, prompts: Path, masker: Masker | None, *, partly: bool
) -> str:
    """Return the request for edits that pass the user's check; its output is masked."""
    output = check.output[-_MOST_CHARACTERS:]
    if masker is not None:
        output, _ = masker.masked("output.txt", output)
    output = visible(output).rstrip("\n")
    return fill_prompt(
        load_prompt("repair-check", prompts),
        part=_LEFT_OUT if partly else "",
        fence=fence_around(command, output),
        command=command,
        output=output,
    )


def mended(attempt: Attempt, again: Reply) -> Reply:
    """Return the reply with those of its edits that have a place, and those of a second reply."""
    kept = _kept(attempt.reply.operations, attempt.refusals)
    known = {replace(operation, line=0) for operation in kept}
    begin = max((o.line for o in attempt.reply.operations), default=0) // LATER * LATER + LATER
    new = tuple(
        replace(operation, line=operation.line + begin)
        for operation in again.operations
        if replace(operation, line=0) not in known
    )
    prose = "\n\n".join(text for text in (attempt.reply.prose, again.prose) if text)
    return replace(attempt.reply, operations=(*kept, *new), prose=prose)


def _fit_to_tell(refusal: Refusal, attempt: Attempt) -> Refusal:
    target = attempt.targets.get(refusal.path)
    if target is None or target.name in attempt.known.unseen:
        return replace(refusal, detail="")
    detail = refusal.detail
    masks = attempt.known.masks.get(target.name, ())
    for mask in sorted(masks, key=lambda one: -len(one.value)):
        detail = detail.replace(mask.value, mask.placeholder)
    return replace(refusal, detail=detail)


def _kept(operations: Sequence[Operation], refusals: Sequence[Refusal]) -> tuple[Operation, ...]:
    lost = {refusal.line for refusal in refusals}
    return tuple(operation for operation in operations if operation.line not in lost)


def fence_around(*texts: str) -> str:
    """Return a fence that is longer than any run of backticks in these texts."""
    longest = max((len(run) for text in texts for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)
