"""What a review asks of the world: the disk as it is, the model that proposed, the editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from copilot.assist.again import answered, asks_again, standing
from copilot.assist.propose import Proposal
from copilot.assist.warn import Known, flags_of
from copilot.backends.protocol import Event
from copilot.cli.decided import Tally, tally
from copilot.cli.decisions import Decisions, apply_command, keep_patch
from copilot.cli.setup import Setup
from copilot.cli.talk import say
from copilot.edits.changes import ChangeSet, FileChange, split_lines
from copilot.edits.flags import Flag, FlagKind
from copilot.edits.moved import Moved, moved
from copilot.errors import EditsRefused, UsageError
from copilot.review.carry import renewed_file
from copilot.review.feedback import feedback
from copilot.review.filereview import FileReview
from copilot.review.remarks import Comment, kept_in_place
from copilot.review.state import Decision, Review
from copilot.text import one_line
from copilot.workspace.targets import read_target

_STALE = "changed on disk during the review; the change was placed anew"
# What is found out anew of a change that is placed anew.
_FOUND_ANEW = {FlagKind.PROTECTED, FlagKind.SYNTAX}
_NOTHING_KNOWN = Known()


class Asker(Protocol):
    """A model that proposed changes, and can be asked on."""

    def ask_again(
        self,
        request: str,
        standing: ChangeSet,
        repairs: int,
        listener: Callable[[Event], None] | None = None,
        tally: Tally | None = None,
    ) -> Proposal:
        """Send what was said of the last proposal and return the next, as changes from the disk.

        `standing` stands of the last, `tally` is what was decided of it; edits without a place may
        go back `repairs` times. On any error the conversation is where it was. Raises CopilotError,
        Interrupted.
        """

    def expected(self, request: str) -> str:
        """Return what sending a request will take, in words."""

    def stop(self) -> None:
        """End what is being answered, from any thread."""


@dataclass
class Reviewing:
    """The outside of a review; `proposal` is what is under review, the newest one.

    Without an `asker` there is no model to ask. `latest` is the last review that was placed or
    asked for again; None if none was. `patch` is where the proposal is kept meanwhile,
    unless it `is_on_disk` by itself. It `is_taken_up` if it began with decisions of before.
    """

    setup: Setup
    proposal: Proposal
    asker: Asker | None = None
    repairs: int = 2
    latest: Review | None = None
    patch: Path | None = None
    is_on_disk: bool = False
    is_taken_up: bool = False
    _decisions: Decisions | None = None
    _as_read: dict[tuple[str, str], tuple[object, bytes | None]] = field(default_factory=dict)

    @property
    def can_ask(self) -> bool:
        return self.asker is not None

    def begin(self, begun: Review) -> Review:
        """Return a review that begins with what was decided of the same proposal before, if it was.

        From here on each decision is on disk, until `settled`.
        """
        if self._decisions is not None:
            return begun
        is_known = self.patch is not None
        if not self.is_on_disk:
            self.keep_proposal(begun)
        if self.patch and not is_known:
            say(f"kept until it is decided: {apply_command(self.setup, self.patch)}")
        self._decisions = Decisions(self.setup.paths.decisions)
        again = self._decisions.resumed(begun)
        if again == begun:
            return begun
        self.is_taken_up = True
        say("what was decided of this in a review that did not end stands again")
        return again

    def keep(self, review: Review) -> None:
        """Write down what was decided."""
        if self._decisions is not None:
            self._decisions.keep(review)

    def settled(self) -> None:
        """Forget the decisions: what they were for is written, or given up."""
        if self._decisions is not None:
            self._decisions.forget()
        if self.patch is not None:
            self.patch.unlink(missing_ok=True)
        self.patch = None

    def keep_proposal(self, review: Review) -> None:
        """Keep what is proposed, from the files on disk on."""
        if self.patch is None:
            name = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.patch"
            self.patch = self.setup.paths.decisions / name
        if not keep_patch(self.patch, review):
            self.patch = None

    def changed_on_disk(self, review: Review) -> tuple[int, ...]:
        """Return the files, by index, that are not on disk what their change begins with.

        A file is read only if it was touched since it was last seen to be the same. What is
        rejected as a whole is not written, whatever happens to the file.
        """
        return tuple(
            index
            for index, file in enumerate(review.files)
            if file.marks is not Decision.REJECTED and not self._is_as_read(file.change)
        )

    def placed_again(self, review: Review) -> Review:
        """Place the same changes on the files as they are; each hunk must have one place.

        Decisions, comments and what was edited by hand stay; undo begins anew. What is there
        already is left out. Raises EditsRefused, which names each file and why.
        """
        changed = set(self.changed_on_disk(review))
        if not changed:
            return review
        found: dict[int, _Again] = {}
        refused: list[str] = []
        for index in sorted(changed):
            file = review.files[index]
            again = self._again(file)
            if isinstance(again, str):
                refused.append(f"  {one_line(file.change.name)}: {again}")
            else:
                found[index] = again
        if refused:
            names = "\n".join(refused)
            raise EditsRefused(
                f"changed on disk, and the changes have no place there as they are\n{names}",
                "reject or edit what stands there, or take the other change back",
            )
        self.latest = _with_again(review, found)
        return self.latest

    def request(self, review: Review) -> str:
        """Return the text that `asked_again` would send, its secrets masked; empty for none."""
        told = feedback(review)
        if told.is_empty or self.asker is None:
            return ""
        return asks_again(told, self.setup.paths.prompts, self.setup.masker)

    def expected(self, request: str) -> str:
        """Return what sending a request will take: tokens, the cache's, time and price."""
        return self.asker.expected(request) if self.asker else ""

    def asked_again(self, review: Review, show: Callable[[Event], None] | None) -> Review:
        """Send what the person said to the model, and return the review of what comes.

        Without `show`, the terminal gets the stream. Raises CopilotError, Interrupted; the
        conversation, and what is under review, are then as they were.
        """
        if self.asker is None:
            raise UsageError("there is no model to ask here", "edit the changes by hand")
        review = self.placed_again(review)
        request = self.request(review)
        if not request:
            raise UsageError(
                "there is nothing to answer: nothing was rejected, commented on or edited",
                "comment on lines, or reject some with a reason",
            )
        stands = standing(review)
        made = self.asker.ask_again(request, stands, self.repairs, show, tally(review))
        if not made.changes:
            raise EditsRefused("the model sent nothing, and nothing of before stands", "")
        again = answered(review, made)
        self.proposal = replace(made, placed=(*self.proposal.placed, *made.placed))
        self.latest = again
        self.keep_proposal(again)
        return again

    def cancel(self) -> None:
        """End the question that is being answered, on the server too; from any thread."""
        if self.asker is not None:
            self.asker.stop()

    def edit(self, data: bytes, suffix: str) -> bytes | None:
        """Open the person's editor on `data`; None if it failed or the file was emptied."""
        return edit(data, suffix)

    def _is_as_read(self, change: FileChange) -> bool:
        root = self._root(change.repository)
        source = change.source
        if change.old_path and _mark(root / change.path) is not None:
            return False
        mark = _mark(root / source[1])
        if self._as_read.get(source) == (mark, change.before):
            return True
        file = read_target(root, source[1])
        is_same = not file.problem and file.data == change.before
        if is_same:
            self._as_read[source] = (mark, change.before)
        return is_same

    def _again(self, file: FileReview) -> _Again | str:
        change = file.change
        root = self._root(change.repository)
        on_disk = read_target(root, change.source[1])
        if on_disk.problem:
            return on_disk.problem
        if change.old_path and _mark(root / change.path) is not None:
            return f"there is a file at {one_line(change.path)} already"
        found = moved(change, on_disk.data)
        if isinstance(found, str):
            return found
        if found.change is None:
            say(f"already there, nothing to do: {one_line(change.name)}")
            return _Again(None, found)
        again = renewed_file(file, found.change, _flags(file, found.change, found))
        proposed = moved(file.proposed, on_disk.data) if file.is_edited else None
        if isinstance(proposed, Moved) and proposed.change:
            again = FileReview(replace(again.shape, proposed=proposed.change), again.marks)
        return _Again(again, found)

    def _root(self, alias: str) -> Path:
        return next(root.path for root in self.setup.roots if root.alias == alias)


@dataclass(frozen=True)
class _Again:
    """A file placed anew, None if all of its change is there already, and where it went."""

    file: FileReview | None
    found: Moved


def edit(data: bytes, suffix: str) -> bytes | None:
    """Open the user's editor on `data`; None if it failed or the file was emptied."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="copilot-") as folder:
        path = Path(folder) / f"hunk{suffix}"
        path.write_bytes(data)
        try:
            status = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
        except OSError as error:
            say(f"cannot start the editor {editor}: {error.strerror}; set EDITOR")
            return None
        return path.read_bytes() if status == 0 else None


def _mark(path: Path) -> tuple[int, ...] | None:
    """Return what changes whenever a file does; None where there is none."""
    try:
        facts = path.lstat()
    except OSError:
        return None
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _flags(file: FileReview, change: FileChange, found: Moved) -> tuple[Flag, ...]:
    """Return the flags of a change that was placed anew."""
    kept = [
        replace(flag, old_line=None if flag.old_line is None else found.line(flag.old_line))
        for flag in file.flags
        if flag.kind not in _FOUND_ANEW | {FlagKind.STALE}
    ]
    anew = flags_of(ChangeSet((change,)), (), _NOTHING_KNOWN).get(change.name, ())
    return (Flag(FlagKind.STALE, _STALE), *anew, *kept)


def _with_again(review: Review, found: dict[int, _Again]) -> Review:
    """Return the review with files in the place of others, or without them; undo begins anew."""
    files: list[FileReview] = []
    places: dict[int, int] = {}
    for index, file in enumerate(review.files):
        placed = found[index].file if index in found else file
        if placed is not None:
            places[index] = len(files)
            files.append(placed)
    comments = (
        replace(
            _in_place(comment, review.files[comment.file], found.get(comment.file)),
            file=places[comment.file],
        )
        for comment in review.comments
        if comment.file in places
    )
    return Review(tuple(files), tuple(comments), review.round)


def _in_place(comment: Comment, file: FileReview, again: _Again | None) -> Comment:
    """Return a comment where its lines went."""
    if again is None or again.file is None:
        return comment
    texts = (split_lines(one.change.after or b"") for one in (file, again.file))
    (followed,) = kept_in_place((comment,), comment.file, *texts)
    start = again.found.line(comment.old.start)
    return replace(followed, old=range(start, start + len(comment.old)))
