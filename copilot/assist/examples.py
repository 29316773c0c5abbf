"""Examples from history: which earlier commits are shown, as files of a repository of their own.

Half of them are drawn by their ids, which are as good as random: they stand in the base and stay
while it does. The other half is alike to the task, by the words of messages and paths; of these
there are few, as no cache holds them (many that are cached beside a few that are alike:
arXiv 2507.16217). No commit is shown that is not behind the state that is worked on.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from copilot.assist.example_making import SUFFIX, Itself, Made, ShownText, as_file, made_of
from copilot.assist.example_text import told_message
from copilot.assist.message_style import is_own
from copilot.batches import batches
from copilot.cache import key_of
from copilot.context.bodies import count_kept
from copilot.context.counting import counter_of
from copilot.context.entries import Shape, foot_of, head_of
from copilot.context.frame import is_taken, marks_in
from copilot.context.model import Frame
from copilot.workspace.choose import Chooser
from copilot.workspace.kinds import Kind
from copilot.workspace.masks.placeholders import Mask
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.messages import PastMessage
from copilot.workspace.model import Part, Repository, Root, SourceFile
from copilot.workspace.object_reader import ObjectReader
from copilot.workspace.past_changes import (
    PastChange,
    named_changes,
    not_behind,
    read_past_changes,
)
from copilot.workspace.vendored import folders_above

if TYPE_CHECKING:
    from copilot.assist.scope import Scope

# Raised with every change of how an example is made.
_VERSION = "1"
# Of the room for all examples, what those in the base may take at most.
_FIXED_SHARE = 0.5
MOST_ALIKE = 32
_LEAST_COMMITS, _MOST_COMMITS, _COMMITS_EACH = 1_000, 20_000, 20
_LEAST_TRIED, _TRIED_EACH = 100, 5
_AT_ONCE = 32
# Tokens that a frame may take more than the plainest one.
_FRAME_TOKENS = 8
_UNBOUNDED = 2**40
_DRAWN = "an earlier commit, drawn as an example"
_REST = "others/"


@dataclass
class Tree:
    """What one reading tells of a root: its commit, what is read of it, and what is not."""

    root: Root
    alias: str
    revision: str | None = None
    texts: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def note(self, part: Part) -> None:
        """Take in what was read of the root."""
        for file in part.files:
            (self.texts if file.is_text else self.left_out).add(file.path)
            if file.kind is Kind.SECRET and file.blob:
                self.secrets.add(file.blob)
        if part.repository:
            self.revision = part.repository.revision

    def hides(self, path: str) -> bool:
        """Tell whether a file, or a folder above it, is left out of what is read."""
        return not self.left_out.isdisjoint((path, *folders_above(path)))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Made)


@dataclass(frozen=True)
class Examples:
    """The earlier commits of a root, and how to make examples of them."""

    tree: Tree
    scope: Scope

    def standing(self, names: Sequence[str]) -> list[SourceFile]:
        """Return the examples that stand in a prompt, or why one of them may not any longer."""
        stems = [name.removesuffix(SUFFIX) for name in names]
        start = self.tree.revision
        if not stems:
            return []
        root = self.tree.root
        ahead = not_behind(root, stems, start) if start else frozenset(stems)
        changes = named_changes(root, stems)
        allowed = [c for stem in stems if (c := changes.get(stem)) and self._stays(c)]
        made = {
            change.name: one
            for some in batches(allowed, lambda _: 1, _AT_ONCE)
            for change, one in self._made(some)
        }
        return [
            self._file(made[stem], changes[stem], _DRAWN)
            if stem in made and made[stem].text and stem not in ahead
            else self._gone(f"{stem}{SUFFIX}")
            for stem in stems
        ]

    def drawn(self, count: int, room: int) -> list[SourceFile]:
        """Return at most so many examples that take at most so many tokens, the oldest first."""
        chosen: list[tuple[PastChange, Made]] = []
        found = 0
        changes = sorted(filter(self._may_show, self.changes()), key=lambda one: one.revision)
        for some in batches(changes[: most_tried(count)], lambda _: 1, min(_AT_ONCE, count + 1)):
            for change, made in self._made(some) if found < count else ():
                if not made.text or found == count:
                    continue
                found += 1
                if made.tokens <= room:
                    room -= made.tokens
                    chosen.append((change, made))
        chosen.sort(key=lambda one: (one[0].time, one[0].revision))
        return [self._file(made, change, _DRAWN) for change, made in chosen]

    def changes(self) -> tuple[PastChange, ...]:
        """Return the small changes behind the state that is worked on, the newest first."""
        if self.tree.revision is None:
            return ()
        most = max(_LEAST_COMMITS, min(_MOST_COMMITS, _COMMITS_EACH * self.scope.examples))
        return read_past_changes(self.tree.root, self.tree.revision, self.scope.cache, most)

    def sound(self, changes: Iterable[PastChange]) -> Iterator[tuple[PastChange, Made]]:
        """Yield the changes that make an example and may be shown, in their order."""
        for some in batches(filter(self._may_show, changes), lambda _: 1, 4):
            yield from (pair for pair in self._made(some) if pair[1].text)

    def file(self, change: PastChange, made: Made, why: str, *, fits: bool) -> SourceFile:
        """Return an example, or that there is no room for it."""
        shown = self._file(made, change, why)
        if fits:
            return shown
        return structs.replace(shown, data=None, content=None, reason=f"over budget: {why}")

    def _may_show(self, change: PastChange) -> bool:
        """Tell whether a commit is somebody's own work on files that are read today."""
        said = PastMessage(change.revision, change.author, change.email, change.message)
        return (
            is_own(said)
            and bool(told_message(change.message))
            and all(file.path in self.tree.texts for file in change.files)
            and not self._shows_secret(change)
        )

    def _stays(self, change: PastChange) -> bool:
        """Tell whether what was shown may be shown still: its files are read, or there no more."""
        is_hidden = any(self.tree.hides(file.path) for file in change.files)
        return not is_hidden and not self._shows_secret(change)

    def _shows_secret(self, change: PastChange) -> bool:
        """Tell whether a file that is a secret today had the same bytes."""
        blobs = {blob for file in change.files for blob in (file.old, file.new) if blob}
        return not blobs.isdisjoint(self.tree.secrets)

    def _made(self, changes: Sequence[PastChange]) -> list[tuple[PastChange, Made]]:
        """Return the examples that changes make, from the cache where they were made before."""
        cache = self.scope.cache
        keys = [self._key(change) for change in changes]
        kept = cache.get(keys)
        missing = {k: c for k, c in zip(keys, changes, strict=True) if k not in kept}
        made = dict(zip(missing, self._counted(list(missing.values())), strict=True))
        packed = {key: _ENCODER.encode(one) for key, one in made.items()}
        # No secret is kept in the open.
        if self.scope.masker is not None:
            cache.put(packed, soon=False)
        known = kept | packed
        return [(c, _DECODER.decode(known[key])) for key, c in zip(keys, changes, strict=True)]

    def _key(self, change: PastChange) -> bytes:
        scope, root = self.scope, self.tree.root
        stamp = scope.masker.stamp if scope.masker else "unmasked"
        about = (scope.tokenizer, str(FINDER_VERSION), stamp, repr(scope.selection))
        # A root may be a part of its repository.
        where = (self.tree.alias, root.alias, *(file.path for file in change.files))
        return key_of("example", _VERSION, change.revision, *about, *where)

    def _counted(self, changes: Sequence[PastChange]) -> list[Made]:
        """Make examples, and count their tokens all at once."""
        if not changes:
            return []
        chooser = Chooser(self.scope.selection, self.scope.cache, self.scope.masker)
        masker = self.scope.masker
        with ObjectReader(self.tree.root.path, Itself()) as reader:
            shown = [
                made_of(change, self.tree.root.alias, ShownText(reader, chooser), masker)
                for change in changes
            ]
        tokenizer = self.scope.tokenizer
        foot = foot_of(Frame())
        heads = [
            head_of(f"{self.tree.alias}/{change.name}{SUFFIX}", Shape.FULL, Frame())
            for change in changes
        ]
        texts = [h + one.text.encode() + foot for h, one in zip(heads, shown, strict=True)]
        counts = count_kept(texts, counter_of(tokenizer), tokenizer, self.scope.cache)
        return [
            Made(one.text, count + _FRAME_TOKENS, one.masks) if one.text else one
            for one, count in zip(shown, counts, strict=True)
        ]

    def _file(self, made: Made, change: PastChange, why: str) -> SourceFile:
        file = as_file(self.tree.alias, change.name, made.text, why)
        masks = tuple(Mask(*mask, "") for mask in made.masks)
        self.scope.beside.times[file.name] = change.time
        return structs.replace(file, masks=masks)

    def _gone(self, path: str) -> SourceFile:
        why = "its commit is not behind this state, or its files are not read"
        return SourceFile(self.tree.alias, path, None, why)


def example_parts(scope: Scope, trees: Sequence[Tree]) -> Iterator[Part]:
    """Yield the examples that stand in the base, by the repositories they are of."""
    count = scope.examples - alike_count(scope.examples)
    for number, tree in enumerate(trees):
        mine = count // len(trees) + (number < count % len(trees))
        examples = Examples(tree, scope)
        if scope.standing is None:
            room = int(_FIXED_SHARE * scope.room_beside)
            files = examples.drawn(mine, room // len(trees))
        else:
            begin = f"{tree.alias}/"
            names = [name for name in scope.standing if name.startswith(begin)]
            files = examples.standing([name.removeprefix(begin) for name in names])
        shown = sum(file.is_text for file in files)
        if shown < mine and not any(not file.is_text for file in files):
            why = f"over budget, or no such commits: {shown} of {mine} examples are shown"
            files.append(SourceFile(tree.alias, _REST, None, why))
        files.sort(key=lambda file: os.fsencode(file.path))
        root, revision = tree.root, tree.revision
        about = Repository(tree.alias, root.path, revision, dirty=False, commits_of=root.alias)
        yield Part(tuple(files), about)


def alike_count(count: int) -> int:
    """Return how many of so many examples are chosen for the task: half of them, or what is many.

    They stand behind what a cache holds, so that each request pays for them.
    """
    return min(count - count // 2, MOST_ALIKE)


def most_tried(count: int) -> int:
    """Return how many commits are looked at for so many examples; not all of them make one."""
    return _LEAST_TRIED + _TRIED_EACH * count


def alike(
    scope: Scope,
    trees: Sequence[Tree],
    asked: str,
    shown: frozenset[str],
    room: int,
    frame: Frame | None = None,
) -> list[SourceFile]:
    """Return the examples most like the task, the most alike last; some lack room for their text.

    `shown` are names of those that stand in the prompt already. One that holds the marks of a frame
    that cannot be changed is passed over.
    """
    wanted = alike_count(scope.examples)
    chosen: list[SourceFile] = []
    for examples, change, words in islice(
        _by_likeness(scope, trees, asked), most_tried(scope.examples)
    ):
        if len(chosen) == wanted:
            break
        if f"{examples.tree.alias}/{change.name}{SUFFIX}" in shown:
            continue
        for _, made in examples.sound([change]):
            if frame and is_taken(frame, marks_in(made.text.encode())):
                continue
            fits = made.tokens <= room
            room -= made.tokens if fits else 0
            why = f"an earlier commit about {', '.join(words)}"
            chosen.append(examples.file(change, made, why, fits=fits))
    return chosen[::-1]


def _by_likeness(
    scope: Scope, trees: Sequence[Tree], asked: str
) -> Iterator[tuple[Examples, PastChange, Sequence[str]]]:
    """Yield the commits that have words of the task, the most alike first."""
    from copilot.context.relevance.index import search_texts

    found: dict[str, list[tuple[Examples, PastChange]]] = {}
    for tree in trees:
        examples = Examples(tree, scope)
        for change in examples.changes():
            found.setdefault(_document(change), []).append((examples, change))
    query = "\n".join((asked, *scope.focus))
    hits = search_texts("examples", found.keys(), query, scope.cache)
    ranked = sorted(
        (-hit.score, -change.time, change.revision, examples.tree.alias, text)
        for text, hit in hits.items()
        for examples, change in found[text]
    )
    of = {(e.tree.alias, c.revision): (e, c) for some in found.values() for e, c in some}
    for _, _, revision, alias, text in ranked:
        yield (*of[alias, revision], hits[text].words)


def _document(change: PastChange) -> str:
    """Return what is searched of a commit: what it says, and the paths of its files."""
    return "\n".join((told_message(change.message), *(file.path for file in change.files)))


def example_files(
    root: Root, files: Sequence[SourceFile], count: int, scope: Scope
) -> tuple[SourceFile, ...]:
    """Return so many examples of a root, drawn by their ids, the oldest first; fewer if there are.

    `files` are what was read of the root, `scope` how, the root among others. Raises GitFailed.
    """
    from copilot.workspace.git import run_git

    if not root.is_git:
        return ()
    scope = replace(scope, examples=count)
    tree = Tree(root, scope.aliases.examples[root.alias])
    tree.note(Part(tuple(file for file in files if file.repository == root.alias)))
    start = root.state if root.state and root.state != "index" else "HEAD"
    printed = run_git(root.path, "rev-parse", "--revs-only", f"{start}^{{commit}}")
    tree.revision = printed.decode("ascii").strip() or None
    with closing(scope.cache):
        return tuple(Examples(tree, scope).drawn(count, _UNBOUNDED))
