"""The plain reviewer: one hunk at a time, with the keys of `git add -p`, for any terminal."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import EXECUTABLE_MODE, DiffLine, FileChange, Hunk
from copilot.edits.patch import CONTEXT_LINES, in_context, old_mode
from copilot.errors import EditsRefused
from copilot.review.hunktext import from_text, to_text
from copilot.review.state import (
    Decision,
    Place,
    Review,
    decide,
    decide_all,
    decide_rest,
    decision_at,
    next_undecided,
    places,
    with_edited_hunk,
)
from copilot.text import one_line, visible

Editor = Callable[[bytes, str], bytes | None]

_ASKED = {
    "text": "accept this hunk",
    "create": "accept this new file",
    "delete": "accept this deletion",
    "rename": "accept this rename",
    "mode": "accept this mode",
}
_HELP = {
    "y": "accept this hunk",
    "n": "reject this hunk",
    "a": "accept this hunk and the undecided ones behind it in this file",
    "d": "reject this hunk and the undecided ones behind it in this file",
    "q": "quit; reject every hunk that is still undecided",
    "j": "leave this hunk as it is, go to the next undecided one",
    "k": "leave this hunk as it is, go to the undecided one before",
    "J": "leave this hunk as it is, go to the next one",
    "K": "leave this hunk as it is, go to the one before",
    "e": "edit this hunk by hand, then decide",
    "?": "this help",
}
_VERDICTS = {
    "y": Decision.ACCEPTED,
    "n": Decision.REJECTED,
    "a": Decision.ACCEPTED,
    "d": Decision.REJECTED,
}


def review_lines(
    review: Review,
    read: Callable[[str], str | None],
    write: Callable[[str], None],
    edit: Editor | None = None,
) -> Review:
    """Ask for a decision on each undecided hunk and return the decided review.

    `read` shows a prompt and returns the line typed, None at the end of input: then what is
    undecided becomes rejected. `write` shows whole lines, given without the last line feed.
    `edit` gets a hunk as text and the suffix for the name of the file it is edited in, and returns
    the edited text, None if the person gave up.
    """
    return _Session(review, read, write, edit).run()


class _Session:
    """A review going on; `_shown` is the hunk on the screen, `_titled` the file last named."""

    def __init__(
        self,
        review: Review,
        read: Callable[[str], str | None],
        write: Callable[[str], None],
        edit: Editor | None,
    ) -> None:
        self._review = review
        self._read = read
        self._write = write
        self._edit = edit
        self._shown: Place | None = None
        self._titled = -1

    def run(self) -> Review:
        place = next_undecided(self._review)
        while place is not None:
            if place != self._shown:
                self._show(place)
            place = self._answered(place)
        return self._review

    def _show(self, place: Place) -> None:
        file = self._review.files[place.file]
        if place.file != self._titled:
            self._titled = place.file
            self._write(f"{_title(file.change)} (file {place.file + 1}/{len(self._review.files)})")
            for flag in file.file_flags:
                self._write(f"  ! {one_line(flag.text)}")
        for flag in file.hunk_flags(place.hunk):
            self._write(f"  ! {one_line(flag.text)}")
        self._write(shown_hunk(file.change, place.hunk))
        self._shown = place

    def _answered(self, place: Place) -> Place | None:
        """Ask once and return the hunk to ask for next, None where all is done."""
        answer = self._read(self._prompt(place))
        key = "q" if answer is None else answer.strip()
        key = key if key in _HELP else key.lower()
        if key == "q":
            self._review = decide_all(self._review, Decision.REJECTED, only_undecided=True)
            return None
        if key in _VERDICTS:
            step = decide if key in "yn" else decide_rest
            self._review = step(self._review, place, _VERDICTS[key])
            return next_undecided(self._review, place)
        if key in ("j", "k", "J", "K"):
            return self._moved(place, key)
        if key == "e":
            return self._edited(place)
        if key:
            self._help(key)
        else:
            self._shown = None
        return place

    def _prompt(self, place: Place) -> str:
        every = places(self._review)
        kind = self._review.files[place.file].change.hunks[place.hunk].kind
        keys = ",".join(key for key in _HELP if key not in "JK")
        decision = decision_at(self._review, place)
        state = "" if decision is Decision.UNDECIDED else f", {decision.value} so far"
        number = f"({every.index(place) + 1}/{len(every)}{state})"
        return f"{number} {_ASKED[kind]} [{keys}]? "

    def _help(self, key: str) -> None:
        if key != "?":
            self._write(f"{one_line(key)}: no such key; these are")
        self._write("\n".join(f"{name} - {meaning}" for name, meaning in _HELP.items()))

    def _moved(self, place: Place, key: str) -> Place:
        every = places(self._review)
        at = every.index(place)
        ahead = every[at + 1 :] if key in "jJ" else every[:at][::-1]
        wanted = [p for p in ahead if key in "JK" or self._is_undecided(p)]
        if wanted:
            return wanted[0]
        which = "next" if key in "jJ" else "earlier"
        self._write(f"no {which} {'undecided ' if key in 'jk' else ''}hunk")
        return place

    def _is_undecided(self, place: Place) -> bool:
        return decision_at(self._review, place) is Decision.UNDECIDED

    def _edited(self, place: Place) -> Place | None:
        """Have the hunk edited; it is then shown again, so that what was typed is seen."""
        change = self._review.files[place.file].change
        try:
            lines = self._ask_editor(change, place.hunk)
            if not lines:
                return place
            self._review = with_edited_hunk(self._review, place, lines)
        except EditsRefused as refusal:
            self._write(visible(f"{refusal.message}; {refusal.hint}"))
            return place
        self._shown = None
        still_there = place in places(self._review) and self._is_undecided(place)
        return place if still_there else next_undecided(self._review, place)

    def _ask_editor(self, change: FileChange, index: int) -> tuple[DiffLine, ...]:
        if self._edit is None:
            self._write("there is no editor here")
            return ()
        text = self._edit(to_text(change.hunks[index]), ".diff")
        return from_text(text) if text else ()


def shown_hunk(change: FileChange, index: int) -> str:
    """Return one hunk with old and new line numbers, tags and lines of context, safe to show."""
    hunk = change.hunks[index]
    if hunk.kind == "rename":
        return f"  {one_line(change.old_path or '')} -> {one_line(change.path)}"
    if hunk.kind == "mode":
        return f"  mode {old_mode(change):o} -> {change.mode:o}"
    if not hunk.lines:
        return "  (empty file)"
    if any(b"\0" in line.data for line in hunk.lines):
        return "  (binary content)"
    if hunk.kind == "text":
        (hunk,) = in_context(change, [hunk], CONTEXT_LINES)
    return "\n".join(_numbered(hunk))


def _numbered(hunk: Hunk) -> list[str]:
    old, new = hunk.old_start, hunk.new_start
    hide_return = all(line.data.endswith(b"\r\n") for line in hunk.lines)
    rows: list[str] = []
    for line in hunk.lines:
        old += line.tag != "+"
        new += line.tag != "-"
        numbers = f"{old if line.tag != '+' else '':>6}{new if line.tag != '-' else '':>6}"
        rows.append(f"{numbers} {line.tag}{_text(line.data, hide_return)}")
        if not line.data.endswith(b"\n"):
            rows.append(f"{'':>12} \\ No newline at end of file")
    return rows


def _text(data: bytes, hide_return: bool) -> str:
    """Return a line's text; the `\\r` of a hunk that has it everywhere is left out."""
    bare = data.removesuffix(b"\r\n" if hide_return else b"\n")
    return visible(bare.decode("utf-8", "replace"))


def _title(change: FileChange) -> str:
    executable = change.before is None and change.mode == EXECUTABLE_MODE
    return f"{change.kind.value} {one_line(change.name)}{', executable' if executable else ''}"
