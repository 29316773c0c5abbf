"""Asking again after a review: what the person said, as a request, and the next proposal.

What was not rejected stands: the next edits are placed on the files with it in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from copilot.assist.pack import Packed
from copilot.assist.propose import Proposal
from copilot.assist.repair import fence_around
from copilot.assist.standing import Standing
from copilot.edits.changes import ChangeSet, DiffLine, FileChange
from copilot.edits.flags import Flag, FlagKind
from copilot.edits.patch import in_context
from copilot.review.feedback import Feedback, FileFeedback, Part
from copilot.review.filereview import FileReview
from copilot.review.state import Comment, Decision, Review, accepted, decide_all, renewed
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.text import one_line
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.masks.placeholders import Mask

_EDITED_CONTEXT = 2
_MOST_NAMED = 20
_NO_LINE_END = "\\ No newline at end of file\n"
_REPEATED = "you rejected this before, and the model sent it again as it was"


def standing(review: Review) -> ChangeSet:
    """Return what stands when the model is asked again: all but what was rejected."""
    return accepted(decide_all(review, Decision.ACCEPTED, only_undecided=True))


def asks_again(told: Feedback, prompts: Path, masker: Masker | None) -> str:
    """Return the request that answers a proposal; text of files is masked as in the prompt."""
    whole = [one_line(file.name) for file in told.files if _is_accepted_whole(file)]
    others = (file for file in told.files if not _is_accepted_whole(file))
    return fill_prompt(
        load_prompt("again", prompts),
        accepted=_accepted_whole(whole, prompts),
        files="\n".join(_File(file, prompts, masker).text() for file in others),
    )


def _is_accepted_whole(file: FileFeedback) -> bool:
    return not (file.rejected or file.undecided or file.comments or file.edited)


def _accepted_whole(names: Sequence[str], prompts: Path) -> str:
    """Return that all of these files was accepted; of many, a few are named."""
    if not names:
        return ""
    more = len(names) - _MOST_NAMED
    listed = ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return fill_prompt(load_prompt("again-all", prompts), names=listed)


def answered(review: Review, proposal: Proposal) -> Review:
    """Return the review of the proposal that came in answer to one, with its decisions.

    `proposal` begins at the files on disk. What was rejected and comes again is flagged.
    """
    former = {file.change.source: file for file in review.files}
    flags = {
        change.name: (*_still(former.get(change.source)), *proposal.flags.get(change.name, ()))
        for change in proposal.changes.changes
    }
    again = renewed(review, proposal.changes, flags)
    return replace(again, files=tuple(map(_with_repeated, again.files)))


def _still(file: FileReview | None) -> tuple[Flag, ...]:
    """Return the flags that tell how edits of earlier replies were placed."""
    flags = file.flags if file else ()
    return tuple(flag for flag in flags if flag.kind is FlagKind.INDENT)


def _with_repeated(file: FileReview) -> FileReview:
    """Return a file with a flag at each hunk that holds something rejected.

    What was rejected was taken out before the model was asked, so that it was sent again.
    """
    if file.marks is Decision.UNDECIDED or file.marks is Decision.ACCEPTED:
        return file
    again = [
        hunk.old_start
        for index, hunk in enumerate(file.hunks)
        if Decision.REJECTED in file.line_decisions(index)
        or file.hunk_decision(index) is Decision.REJECTED
    ]
    flags = tuple(Flag(FlagKind.REPEATED, _REPEATED, line) for line in again)
    return FileReview(replace(file.shape, flags=(*file.flags, *flags)), file.marks)


@dataclass(frozen=True)
class StandingPrompt(Packed):
    """A prompt, and what stands on top of it: the texts are those that edits are placed on."""

    standing: Standing | None = None
    masker: Masker | None = None

    @property
    def full_texts(self) -> dict[str, str]:
        """The files that the model knows in full, as they stand, masked as in the prompt."""
        texts = super().full_texts
        for change in self.standing.changes.changes if self.standing else ():
            text = texts.pop("/".join(change.source), None)
            if change.after is not None and (text is not None or change.before is None):
                texts[change.name] = self._text(change)
        return texts

    def _text(self, change: FileChange) -> str:
        read = read_text(change.after or b"")
        text = read.text if read else ""
        text = self.masker.masked(change.path, text)[0] if self.masker else text
        return text if not text or text.endswith("\n") else f"{text}\n"


def with_standing(packed: Packed, stands: Standing, masker: Masker | None) -> StandingPrompt:
    """Return a prompt whose texts are the files as they stand."""
    return StandingPrompt(
        roots=packed.roots,
        snapshot=packed.snapshot,
        prompt=packed.prompt,
        mode=packed.mode,
        why_new=packed.why_new,
        words=packed.words,
        standing=stands,
        masker=masker,
    )


@dataclass(frozen=True)
class _File:
    """What is told of one file."""

    told: FileFeedback
    prompts: Path
    masker: Masker | None

    def text(self) -> str:
        name = one_line(self.told.name)
        return self._filled("again-file", name=name, parts="\n".join(self._parts()))

    def _parts(self) -> Iterator[str]:
        told = self.told
        is_plain = not (told.undecided or told.comments or told.edited)
        reasons = {part.reasons for part in told.rejected}
        if is_plain and not told.accepted and len(reasons) == 1:
            yield self._filled("again-none", reasons=self._reasons(reasons.pop()))
            return
        if told.edited:
            yield self._filled("again-edited", lines=self._edited(told.edited))
        kinds = (("accepted", told.accepted), ("undecided", told.undecided))
        for kind, part in ((kind, part) for kind, parts in kinds for part in parts):
            yield self._filled(f"again-{kind}", place=_place(part), lines=self._part(part))
        for part in told.rejected:
            reason = self._reasons(part.reasons)
            where, lines = _place(part), self._part(part)
            yield self._filled("again-rejected", place=where, lines=lines, reasons=reason)
        for comment in told.comments:
            where, lines = _place(comment), self._quoted(comment.quoted)
            said = self._masked(comment.text.strip())
            yield self._filled("again-comment", place=where, lines=lines, text=said)

    def _reasons(self, reasons: Sequence[str]) -> str:
        said = (self._masked(reason.strip()) for reason in reasons)
        return "".join(self._filled("again-reason", text=text) for text in said)

    def _part(self, part: Part) -> str:
        change = self.told.change
        if part.kind == "rename":
            return f"The move from {one_line(change.old_path or '')} to {one_line(change.path)}."
        if part.kind == "mode":
            return "The new mode of the file."
        if part.kind == "delete":
            return "The deletion of the file."
        return self._quoted(part.lines)

    def _quoted(self, lines: Sequence[DiffLine]) -> str:
        is_text = self.told.change.is_divisible and lines
        return self._fenced(lines) if is_text else "The whole text of the file."

    def _edited(self, edited: FileChange) -> str:
        if not edited.is_divisible:
            return "The whole text of the file."
        hunks = in_context(edited, edited.hunks, _EDITED_CONTEXT)
        return "\n".join(self._fenced(hunk.lines) for hunk in hunks)

    def _fenced(self, lines: Sequence[DiffLine]) -> str:
        """Return lines of the file with their tags, in a fence."""
        encoding = self._encoding
        text = "".join(
            line.tag + _ended(line.data.decode(encoding, "replace").replace("\r\n", "\n"))
            for line in lines
        )
        text = self._masked(text)
        fence = fence_around(text)
        return f"{fence}diff\n{text}{fence}"

    @cached_property
    def _encoding(self) -> str:
        read = read_text(self.told.change.before or self.told.change.after or b"")
        return read.encoding if read else "utf-8"

    def _masked(self, text: str) -> str:
        """Return a text with the secrets of the file masked, and those that it shows itself."""
        if self.masker is None:
            return text
        shown = self.masker.masked(self.told.change.path, text)[1]
        values = {mask.value: mask.placeholder for mask in shown} | self._secrets
        if not values:
            return text
        longest = sorted(values, key=len, reverse=True)
        # In one go: what stands for a secret is not to be taken for one.
        every = re.compile("|".join(map(re.escape, longest)))
        return every.sub(lambda found: values[found[0]], text)

    @cached_property
    def _secrets(self) -> dict[str, str]:
        """What is to be replaced, and by what: as in the prompt, if it is there.

        Of a secret of several lines, each line is one: a text may hold a part of them.
        """
        values: dict[str, str] = {}
        for mask in self._masks():
            lines = mask.value.splitlines() if "\n" in mask.value else []
            values |= {line: mask.placeholder for line in lines if len(line.strip()) > 1}
            values[mask.value] = mask.placeholder
        return values

    def _masks(self) -> Iterator[Mask]:
        change, edited = self.told.change, self.told.edited
        for data in (edited.before if edited else None, change.after, change.before):
            read = read_text(data or b"")
            if read and self.masker:
                yield from self.masker.masked(change.path, read.text)[1]

    def _filled(self, prompt: str, **values: str) -> str:
        return fill_prompt(load_prompt(prompt, self.prompts), **values)


def _place(part: Part | Comment) -> str:
    """Return where lines stand, by the numbers of the snapshot's."""
    first, last = part.old.start + 1, part.old.stop
    if last > first:
        return f" (lines {first} to {last} of the snapshot)"
    if last == first:
        return f" (line {first} of the snapshot)"
    return f" (behind line {part.old.start} of the snapshot)" if part.old.start else ""


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n{_NO_LINE_END}"
