"""What is read, how it is shown, and what is known of it from the last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from copilot.assist.beside import Aliases, Beside, aliases_beside, with_beside
from copilot.cache import Cache, key_of
from copilot.context.frozen import FrozenStore
from copilot.settings.modes import Mode
from copilot.settings.prompts import fill_prompt, load_prompt
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.masker import Masker
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.model import Part, Root
from copilot.workspace.seen import SeenStore
from copilot.workspace.snapshot import Progress, read_parts

if TYPE_CHECKING:
    from copilot.workspace.remote_cache import KeptRepository

_LAYOUT_VERSION = "1"
# Of a budget, what examples from history may take, and models of style: a tenth each.
_BESIDE_PART = 10
_UNBOUNDED = 2**40


@dataclass(frozen=True)
class Scope:
    """What is read, and how it is shown and counted; `kept` and `submodules` are only read.

    `budget` is in tokens, None where nothing bounds a prompt. `focus` are files and folders (with
    `/` at their end) that the user named, with alias. With `outlines`, all files are shown as such;
    with `marks`, the model is asked to repeat the truncation marks. `chosen` are names of files
    that a model chose for the task.

    `examples` is how many earlier commits are shown at most, `style` are files and folders whose
    texts are models of style. `standing` are names of the examples that stand in a prompt which is
    gone on with; None where they are to be chosen.
    """

    roots: tuple[Root, ...]
    selection: Selection
    tokenizer: str
    prompts: Path
    kept: tuple[KeptRepository, ...] = ()
    submodules: tuple[Root, ...] = ()
    cache: Cache = field(default_factory=Cache, compare=False)
    outlines: bool = False
    masker: Masker | None = field(default=None, compare=False)
    budget: int | None = None
    mode: Mode = Mode.AUTO
    focus: tuple[str, ...] = ()
    fresh: bool = False
    marks: bool = False
    chosen: tuple[str, ...] = ()
    frozen: FrozenStore = field(default_factory=FrozenStore, compare=False)
    seen: SeenStore = field(default_factory=SeenStore, compare=False)
    examples: int = 0
    style: tuple[Path, ...] = ()
    standing: tuple[str, ...] | None = field(default=None, compare=False)
    beside: Beside = field(default_factory=Beside, compare=False, repr=False)

    @property
    def read_only(self) -> list[str]:
        """The aliases of what may be read, but not changed."""
        return [*self._others, *self.aliases.all]

    @property
    def aliases(self) -> Aliases:
        """What is read beside the repositories is called so."""
        return aliases_beside(self.roots, self._others, self.examples, self.style)

    @property
    def room_beside(self) -> int:
        """The tokens that examples may take, and as many models of style: a tenth of the budget.

        Of a rounded one, so that a base stays where the budget changes by a little.
        """
        if self.budget is None:
            return _UNBOUNDED
        unit = 1 << max(self.budget.bit_length() - 3, 0)
        return self.budget // unit * unit // _BESIDE_PART

    @property
    def _others(self) -> list[str]:
        return [*(kept.name.alias for kept in self.kept), *(r.alias for r in self.submodules)]

    @property
    def places(self) -> tuple[Root, ...]:
        """The folders that are read: what does not change first."""
        return (*self.submodules, *self.roots)

    def parts(self, progress: Progress, *, skip: bool = False) -> Iterator[Part]:
        """Read everything; with `skip`, what is as it was is not read again. Raises GitFailed."""
        choose = Chooser(self.selection, self.cache, self.masker)
        parts = read_parts(self.places, choose, progress, self.seen, skip=skip)
        if self.kept:
            from copilot.workspace.remote import read_kept_parts

            parts = chain(read_kept_parts(self.kept, choose, progress), parts)
        return with_beside(self, parts) if self.examples or self.style else parts

    def rules(self) -> str:
        """Return the rules: the same for every task and every state of the files."""
        texts = [load_prompt(name, self.prompts) for name in ("rules", "outlines", "masks")]
        if not self.masker:
            texts.pop()
        if names := ", ".join(f"`{alias}/`" for alias in self.read_only):
            texts.append(fill_prompt(load_prompt("read-only", self.prompts), names=names))
        return "".join(f"{text.rstrip()}\n" for text in (*texts, *self.rules_beside()))

    def rules_beside(self) -> list[str]:
        """Return what is to be known of examples and of models of style, where there are some."""
        aliases = self.aliases
        shown = {"examples": tuple(aliases.examples.values()), "style": tuple(aliases.style)}
        return [
            fill_prompt(load_prompt(name, self.prompts), names=", ".join(f"`{a}/`" for a in some))
            for name, some in shown.items()
            if some
        ]

    def key(self, budget: int | None) -> str:
        """Return the name of what is frozen for this scope within a budget, or within none."""
        about = [
            _LAYOUT_VERSION,
            str(FINDER_VERSION),
            self.tokenizer,
            self.rules(),
            f"{budget} {self.outlines} {self.masker.stamp if self.masker else 'unmasked'}",
            *(f"{root.alias}={root.path}" for root in self.places),
            *(f"{kept.name.alias}={kept.name.url}@{kept.name.ref}" for kept in self.kept),
            repr(self.selection),
        ]
        if self.examples or self.style:
            # What they may take follows from the budget, whichever base they stand in.
            named = map(str, self.style)
            about += ["beside", str(self.examples), str(self.room_beside), *named]
        return key_of("frozen", *about).hex()
