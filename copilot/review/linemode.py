"""The plain reviewer: one hunk at a time, by keys and words, for any terminal."""

from __future__ import annotations

from collections.abc import Callable

from copilot.edits.changes import Hunk
from copilot.errors import CopilotError, EditsRefused, UsageError
from copilot.review.filereview import FileReview
from copilot.review.hunktext import from_text, to_text
from copilot.review.linekeys import (
    help_text,
    line_numbers,
    number,
    parsed,
    usable_keys,
    with_lines,
)
from copilot.review.linetext import (
    changed_lines,
    decided_so_far,
    file_title,
    shown_comment,
    shown_hunk,
)
from copilot.review.outside import Outside
from copilot.review.state import (
    Decision,
    Place,
    Review,
    choose_lines,
    decide,
    decide_all,
    decide_rest,
    first_changed,
    next_place,
    next_undecided,
    places,
    redo,
    split,
    undo,
    with_comment,
    with_edited_file,
    with_edited_hunk,
    without_comment,
)
from copilot.text import one_line, suffix_of, visible

Editor = Callable[[bytes, str], bytes | None]

_ASKED = {
    "text": "accept this hunk",
    "create": "accept this new file",
    "delete": "accept this deletion",
    "rename": "accept this rename",
    "mode": "accept this mode",
}


def review_lines(
    review: Review,
    read: Callable[[str], str | None],
    write: Callable[[str], None],
    edit: Editor | None = None,
    outside: Outside | None = None,
) -> Review:
    """Ask for a decision on each undecided hunk and return the decided review.

    `read` shows a prompt and returns the line typed, None at the end of input: then what is
    undecided becomes rejected. `write` shows whole lines, given without the last line feed.
    `edit` gets a text and the suffix for the name of the file it is edited in, and returns the
    edited text, None if the person gave up. With `outside` the model can be asked again, and files
    that change on disk are noticed before each question.
    """
    return _Session(review, read, write, edit, outside).run()


class _Session:
    """A review going on; `_shown` is the hunk on the screen, `_titled` the file last named."""

    def __init__(
        self,
        review: Review,
        read: Callable[[str], str | None],
        write: Callable[[str], None],
        edit: Editor | None,
        outside: Outside | None,
    ) -> None:
        self._review = review
        self._read = read
        self._write = write
        self._edit = edit
        self._outside = outside
        self._shown: Place | None = None
        self._titled = -1
        self._sought = ""
        self._stale: tuple[int, ...] = ()
        self._is_over = False
        self._steps: dict[str, Callable[[Place, str], Place | None]] = {
            **dict.fromkeys("ynad", self._decided),
            **dict.fromkeys("jkJK", self._moved),
            "s": self._split,
            "l": self._chosen,
            "e": self._edited,
            "E": self._edited_file,
            "c": self._commented,
            "C": self._comments,
            "x": self._rejected,
            "u": self._undone,
            "U": self._redone,
            "/": self._searched,
            "g": self._gone,
            "p": self._again,
            "r": self._asked_again,
        }
        self._key = ""

    def run(self) -> Review:
        place = next_undecided(self._review)
        while place is not None or (place := self._at_end()) is not None:
            place = self._placed(place)
            if place is not None and place != self._shown:
                self._show(place)
            place = None if place is None else self._answered(place)
            if self._outside is not None and not self._is_over:
                self._outside.keep(self._review)
        return self._review

    def _at_end(self) -> Place | None:
        """Ask what is to become of comments that the model has not seen; None where all is done."""
        while self._review.comments and self._can_ask and not self._is_over:
            count = len(self._review.comments)
            told = f"all is decided; comments that the model has not seen: {count}"
            answer = self._read(f"({told}) y apply, r ask again, u undo [y,r,u]? ")
            key = "y" if answer is None else parsed(answer)[0]
            self._is_over = key in ("y", "q")
            if key in ("r", "u"):
                place = self._tried(key, Place(0, 0), "")
                if place in places(self._review) and (key == "u" or not self._review.is_decided):
                    return place
        return None

    def _show(self, place: Place) -> None:
        file = self._review.files[place.file]
        if place.file != self._titled:
            self._titled = place.file
            self._write(file_title(file, place.file, len(self._review.files)))
            for flag in file.file_flags:
                self._write(f"  ! {one_line(flag.text)}")
        for flag in file.hunk_flags(place.hunk):
            self._write(f"  ! {one_line(flag.text)}")
        self._write(shown_hunk(file, place.hunk))
        self._shown = place

    def _answered(self, place: Place) -> Place | None:
        """Ask once and return the hunk to ask for next, None where all is done."""
        answer = self._read(self._prompt(place))
        self._key, text = ("q", "") if answer is None else parsed(answer)
        if self._key == "q":
            self._is_over = True
            self._review = decide_all(self._review, Decision.REJECTED, only_undecided=True)
            return None
        if not self._key:
            return self._shown_again(place)
        if self._key not in self._steps:
            return self._helped(place)
        return self._tried(self._key, place, text)

    def _tried(self, key: str, place: Place, text: str) -> Place | None:
        """Take the step of a key; what cannot be done is said."""
        try:
            return self._steps[key](place, text)
        except CopilotError as error:
            self._say(error)
            return place

    def _say(self, error: CopilotError) -> None:
        self._write(visible("; ".join(part for part in (error.message, error.hint) if part)))

    def _prompt(self, place: Place) -> str:
        every = places(self._review)
        file = self._review.files[place.file]
        so_far = decided_so_far(file, place.hunk)
        number = f"({every.index(place) + 1}/{len(every)}{', ' if so_far else ''}{so_far})"
        usable = usable_keys(self._review, place, can_ask=self._can_ask)
        keys = ",".join(key for key in usable if key not in "JK")
        return f"{number} {_ASKED[file.hunks[place.hunk].kind]} [{keys}]? "

    def _helped(self, place: Place) -> Place:
        if self._key != "?":
            self._write(f"{one_line(self._key)}: no such key; these are")
        self._write(help_text(usable_keys(self._review, place, can_ask=self._can_ask)))
        return place

    def _shown_again(self, place: Place) -> Place:
        self._shown = None
        return place

    def _again(self, place: Place, _text: str) -> Place:
        self._titled = -1
        for index, comment in enumerate(self._review.comments):
            if comment.file == place.file:
                self._write(shown_comment(comment, index + 1))
        return self._shown_again(place)

    def _decided(self, place: Place, _text: str) -> Place | None:
        step = decide if self._key in "yn" else decide_rest
        decision = Decision.ACCEPTED if self._key in "ya" else Decision.REJECTED
        self._review = step(self._review, place, decision)
        return next_undecided(self._review, place)

    def _moved(self, place: Place, _text: str) -> Place:
        step = 1 if self._key in "jJ" else -1
        if self._key in "JK":
            wanted = next_place(self._review, place, step)
        else:
            wanted = next_undecided(self._review, place, step=step, wrap=False)
        if wanted is not None:
            return wanted
        which = "next" if step == 1 else "earlier"
        self._write(f"no {which} {'undecided ' if self._key in 'jk' else ''}hunk")
        return place

    def _split(self, place: Place, text: str) -> Place:
        lines = changed_lines(self._hunk(place))
        at = lines[number(text, len(lines), "line") - 1] if text else None
        review = split(self._review, place, at)
        if review is self._review:
            raise UsageError("this hunk cannot be cut there", "choose lines instead: l 3-5,8")
        self._review = review
        self._write(f"split; {len(self._file(place).hunks)} hunks in this file")
        return self._shown_again(place)

    def _chosen(self, place: Place, text: str) -> Place | None:
        """Accept the lines that are named, and reject the hunk's others."""
        wanted = text or (self._read("lines to accept, such as 3-5,8: ") or "").strip()
        lines = changed_lines(self._hunk(place))
        if not self._file(place).shape.is_divisible(place.hunk):
            raise UsageError("this hunk has no lines to choose from", "accept or reject it")
        chosen = line_numbers(wanted, len(lines))
        named = (lines[one - 1] for numbers in chosen for one in numbers)
        self._review = choose_lines(self._review, place, named)
        self._write(decided_so_far(self._file(place), place.hunk))
        return next_undecided(self._review, place)

    def _edited(self, place: Place, _text: str) -> Place | None:
        """Have the hunk edited; it is then shown again, so that what was typed is seen."""
        text = self._typed(to_text(self._hunk(place)), ".diff")
        lines = from_text(text) if text else ()
        if not lines:
            return place
        self._review = with_edited_hunk(self._review, place, lines)
        return self._after_edit(place)

    def _edited_file(self, place: Place, _text: str) -> Place | None:
        """Have the whole new text edited; what that changes is undecided and shown."""
        change = self._file(place).change
        if not change.is_divisible:
            raise EditsRefused("this is no text to edit", "accept or reject it")
        whole = change.before if change.after is None else change.after
        text = self._typed(whole or b"", suffix_of(change.path))
        if text is None or text == change.after:
            return place
        self._review = with_edited_file(self._review, place.file, text)
        self._titled = -1
        return self._after_edit(place)

    def _typed(self, data: bytes, suffix: str) -> bytes | None:
        if self._edit is None:
            self._write("there is no editor here")
            return None
        return self._edit(data, suffix)

    def _after_edit(self, place: Place) -> Place | None:
        """Return the edited hunk, or what is undecided behind it; it is shown anew."""
        self._shown = None
        if place.hunk < len(self._file(place).hunks):
            return self._open(place) or next_undecided(self._review, place)
        return next_undecided(self._review)

    def _open(self, place: Place) -> Place | None:
        return place if self._holds_open(place) else None

    def _holds_open(self, place: Place) -> bool:
        return self._file(place).holds(place.hunk, Decision.UNDECIDED)

    def _commented(self, place: Place, text: str) -> Place:
        self._review = self._remarked(place, text, "comment: ", is_rejection=False)
        self._write(shown_comment(self._review.comments[-1], len(self._review.comments)))
        return place

    def _rejected(self, place: Place, text: str) -> Place | None:
        self._review = self._remarked(place, text, "why not: ", is_rejection=True)
        return self._open(place) or next_undecided(self._review, place)

    def _remarked(self, place: Place, text: str, prompt: str, *, is_rejection: bool) -> Review:
        """Return the review with a remark on a hunk or some of its lines. Raises UsageError."""
        lines = changed_lines(self._hunk(place))
        numbers, said = with_lines(text, len(lines))
        said = said or (self._read(prompt) or "").strip()
        if not said:
            raise UsageError("nothing was said, nothing was done", "")
        first, last = 0, max(0, len(self._hunk(place).lines) - 1)
        if numbers is not None:
            first, last = lines[numbers[0] - 1], lines[numbers[-1] - 1]
        return with_comment(self._review, place, first, last, said, is_rejection=is_rejection)

    def _comments(self, place: Place, text: str) -> Place:
        """List the comments, or take one away."""
        if text:
            index = number(text, len(self._review.comments), "comment") - 1
            self._review = without_comment(self._review, index)
        for index, comment in enumerate(self._review.comments):
            self._write(shown_comment(comment, index + 1))
        if not self._review.comments:
            self._write("no comments")
        return place

    def _undone(self, place: Place, _text: str) -> Place | None:
        return self._walked(place, undo(self._review), "undo")

    def _redone(self, place: Place, _text: str) -> Place | None:
        return self._walked(place, redo(self._review), "redo")

    def _walked(self, place: Place, review: Review, verb: str) -> Place | None:
        """Take a step through the history, and go where it changed something."""
        if review is self._review:
            self._write(f"nothing to {verb}")
            return place
        changed = first_changed(self._review, review)
        self._review = review
        self._shown, self._titled = None, -1
        self._write(f"{verb}: done")
        return changed or (place if place in places(review) else next_undecided(review))

    def _searched(self, place: Place, text: str) -> Place:
        """Go to the next hunk that holds a text, in its lines or its file's name."""
        self._sought = text or self._sought
        every = places(self._review)
        at = every.index(place) + 1
        needle = self._sought.encode("utf-8", "surrogateescape")
        for wanted in every[at:] + every[:at] if needle else ():
            held = b"".join(line.data for line in self._hunk(wanted).lines)
            if needle in held or self._sought in self._file(wanted).change.name:
                return wanted if wanted != place else self._shown_again(place)
        self._write(f"no match for {one_line(self._sought)}" if needle else "nothing to search for")
        return place

    def _gone(self, place: Place, text: str) -> Place:
        every = places(self._review)
        wanted = text or (self._read(f"hunk, 1 to {len(every)}: ") or "").strip()
        return every[number(wanted, len(every), "hunk") - 1] if wanted else place

    def _asked_again(self, place: Place, _text: str) -> Place | None:
        """Ask the model for another proposal; whatever fails, the review stays as it was."""
        if self._outside is None or not self._can_ask:
            raise UsageError("there is no model to ask here", "edit the hunk, or reject it")
        self._write("asking again")
        try:
            self._review = self._outside.asked_again(self._review, None)
        except KeyboardInterrupt:
            self._write("cancelled; the review is as it was")
            return place
        self._shown, self._titled = None, -1
        undecided = sum(self._holds_open(place) for place in places(self._review))
        fresh = sum(len(file.fresh_hunks) for file in self._review.files)
        hunks = f"{undecided} hunk{'' if undecided == 1 else 's'}"
        told = f"{hunks} to decide, {fresh} with something new"
        self._write(f"proposal {self._review.round}: {told}")
        return next_undecided(self._review)

    def _placed(self, place: Place) -> Place | None:
        """Place the changes again where files have changed on disk, and say so."""
        stale = self._outside.changed_on_disk(self._review) if self._outside else ()
        if self._outside is None or not stale or stale == self._stale:
            return place
        self._stale = stale
        names = ", ".join(one_line(self._review.files[index].change.name) for index in stale)
        self._write(f"changed on disk: {names}")
        try:
            self._review = self._outside.placed_again(self._review)
        except EditsRefused as refusal:
            self._say(refusal)
            return place
        self._write("the changes are placed again, decisions are kept")
        self._stale, self._shown, self._titled = (), None, -1
        return next_undecided(self._review)

    @property
    def _can_ask(self) -> bool:
        return self._outside is not None and self._outside.can_ask

    def _file(self, place: Place) -> FileReview:
        return self._review.files[place.file]

    def _hunk(self, place: Place) -> Hunk:
        return self._file(place).hunks[place.hunk]
