"""What the model saw of the files that it edits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from copilot.assist.pack import Packed
from copilot.context.model import Detail
from copilot.edits.operations import Target
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.targets import TargetFile

_UNSEEN = {
    Detail.OUTLINE: "the model saw only an outline of this file",
    Detail.PATH: "the model saw only the name of this file",
    Detail.OMITTED: "the model did not see this file",
}


@dataclass(frozen=True)
class Witness:
    """A prompt as it was sent, and the masker that its texts went through."""

    packed: Packed
    masker: Masker | None = None

    def unseen(self, targets: Collection[Target]) -> dict[str, str]:
        """Return those of the files that the prompt did not hold in full, with what it held."""
        shown = {(f.repository, f.path): f.detail for f in self.packed.prompt.files}
        details = {t.name: shown.get((t.repository, t.path), Detail.OMITTED) for t in targets}
        return {name: _UNSEEN[how] for name, how in details.items() if how is not Detail.FULL}

    def stale(self, files: Mapping[Target, TargetFile]) -> frozenset[Target]:
        """Return those of the files that were shown in full and hold something else at present."""
        shown = dict(self._texts({target.name for target in files}))
        return frozenset(
            target
            for target, file in files.items()
            if target.name in shown and self._shown_now(target, file) != shown[target.name]
        )

    def _texts(self, names: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield the last text of each of these files that the prompt holds in full."""
        for section in self.packed.prompt.sections:
            for entry, text in section.texts():
                if entry.name in names:
                    yield entry.name, text

    def _shown_now(self, target: Target, file: TargetFile) -> str | None:
        read = read_text(file.data) if file.data is not None else None
        if read is None:
            return None
        text = self.masker.masked(target.path, read.text)[0] if self.masker else read.text
        return text if not text or text.endswith("\n") else f"{text}\n"
