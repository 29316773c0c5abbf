"""How a change stands in a prompt, between marks that no text in it can forge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from copilot.assist.reviewing.places import Place
from copilot.assist.reviewing.shown import ShownHunk
from copilot.context.entries import quoted
from copilot.context.model import Frame
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import visible
from copilot.workspace.diffs import DiffFile

CATEGORIES = (
    *("correctness", "security", "data-loss", "concurrency", "performance"),
    *("compatibility", "tests", "maintainability"),
)


def review_task(
    alias: str,
    files: Sequence[DiffFile],
    hunks: Sequence[ShownHunk],
    places: Sequence[Place],
    frame: Frame,
    prompts: Path,
    *,
    is_after: bool = True,
) -> str:
    """Return the text of the task. `is_after`: the files above are those after the change.

    Raises UsageError for a wrong blank in the user's own prompt.
    """
    shown = fill_prompt(
        load_prompt("review-places", prompts), places=_places_text(places, frame).strip()
    )
    numbers = _numbers([hunk.number for hunk in hunks])
    return fill_prompt(
        load_prompt("review", prompts),
        file_tag=frame.file_tag,
        open="<" * frame.marker,
        divider="=" * frame.marker,
        close=">" * frame.marker,
        files="\n".join(_file_line(alias, file) for file in files),
        state=load_prompt("review-after" if is_after else "review-before", prompts).strip(),
        hunks="".join(hunk_text(hunk, frame) for hunk in hunks),
        places=f"{shown.strip()}\n\n" if places else "",
        numbers=numbers,
        categories=", ".join(f"`{one}`" for one in CATEGORIES),
    )


def asks_again(hunks: Sequence[ShownHunk], reason: str, prompts: Path) -> str:
    """Return the request for a review in the form, behind a reply that is not in it."""
    numbers = _numbers([hunk.number for hunk in hunks])
    return fill_prompt(load_prompt("review-again", prompts), reason=reason, numbers=numbers)


def hunk_text(hunk: ShownHunk, frame: Frame) -> str:
    """Return a hunk as it stands in a prompt."""
    head = f'<{frame.file_tag} hunk="{hunk.number}" path={quoted(hunk.name)}>\n'
    lines = "".join(f"{line.prefix}{line.text}".rstrip(" ") + "\n" for line in hunk.lines)
    return f"{head}{lines}</{frame.file_tag}>\n"


def raw_texts(hunks: Iterable[ShownHunk], places: Iterable[Place]) -> list[str]:
    """Return the texts that a frame must not occur in."""
    texts = [line.text for hunk in hunks for line in hunk.lines]
    texts += [place.text for place in places]
    return texts + [hunk.name for hunk in hunks]


def shown_name(name: str) -> str:
    """Return a file's name as the prompt shows it, without quotes where it needs none."""
    said = quoted(name)
    return name if said == f'"{name}"' else said


def _places_text(places: Sequence[Place], frame: Frame) -> str:
    made = []
    for name, some in groupby(places, lambda place: place.name):
        lines = "".join(f"{place.line:>5}   {place.text}\n" for place in some)
        head = f'<{frame.file_tag} path={quoted(name)} detail="lines">\n'
        made.append(f"{head}{lines}</{frame.file_tag}>\n")
    return "".join(made)


def _file_line(alias: str, file: DiffFile) -> str:
    about: list[str] = [] if file.status == "modified" else [file.status]
    if file.old_path:
        about = [f"{file.status} from {quoted(f'{alias}/{file.old_path}')}"]
    if file.old_mode and file.mode and file.old_mode != file.mode:
        about.append(f"mode {visible(file.old_mode)} to {visible(file.mode)}")
    more = f": {', '.join(about)}" if about else ""
    return f"- {quoted(f'{alias}/{file.path}')}{more}"


def _numbers(numbers: Sequence[int]) -> str:
    """Return numbers in words, runs of them as such."""
    if not numbers:
        return "none"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
