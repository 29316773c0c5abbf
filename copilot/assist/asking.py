"""The end of a prompt: what the model must know of the files above, the task, and the marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copilot.assist.marks import LEAST_TOKENS
from copilot.assist.scope import Scope
from copilot.context.compose import Wording, task_section
from copilot.context.conventions import convention_note
from copilot.context.draft import Draft
from copilot.context.entries import Entry, Shape, latest, mark_line, quoted, superseded
from copilot.context.model import Frame, Section
from copilot.settings.prompts import fill_prompt, load_prompt


@dataclass
class Asking:
    """Makes the task's section behind others; `asks_marks` tells whether the last one asks so.

    `tells_wishes` is False where the repository's own wishes are not to be pointed at.
    """

    scope: Scope
    wording: Wording
    draft: Draft
    frame: Frame
    words: tuple[str, ...]
    asks_marks: bool = False
    tells_wishes: bool = True

    def task(self, sections: Sequence[Section]) -> Section:
        """Return the section of the task behind these."""
        entries = [entry for section in sections for entry in section.entries]
        notes = "\n\n".join(
            note for note in (self._changed(entries), self._wishes(entries)) if note
        )
        can_ask = self.scope.marks and bool(self.words) and bool(self.wording.task)
        self.asks_marks = can_ask and sum(section.tokens for section in sections) >= LEAST_TOKENS
        wording = self.wording
        if self.asks_marks:
            line = mark_line(self.words[-1], self.frame).decode().strip()
            marks = fill_prompt(load_prompt("marks", self.scope.prompts), mark=line)
            wording = replace(wording, task=f"{wording.task.rstrip()}\n\n{marks}")
        return task_section(self.draft, wording, self.frame, sections, notes)

    def _changed(self, entries: Sequence[Entry]) -> str:
        """Return which entries above do not count any longer."""
        names = sorted({entry.name for entry in superseded(entries)})
        if not names:
            return ""
        last = {entry.name: entry for entry in latest(entries).values()}
        gone = {name for name in names if last[name].shape is Shape.DELETED}
        lines = [f"- {quoted(name)}{': deleted' if name in gone else ''}" for name in names]
        template = load_prompt("superseded", self.scope.prompts)
        return fill_prompt(template, paths="\n".join(lines)).strip()

    def _wishes(self, entries: Sequence[Entry]) -> str:
        """Return which files hold the repositories' wishes."""
        if not (self.wording.task and self.tells_wishes):
            return ""
        aliases = {root.alias for root in self.scope.roots}
        full = [entry.name for entry in latest(entries).values() if entry.is_full]
        names = [name for name in full if name.partition("/")[0] in aliases]
        template = load_prompt("conventions", self.scope.prompts)
        return convention_note(names, template, self.scope.focus).strip()
