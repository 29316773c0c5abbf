"""A prompt rebuilt byte for byte from its manifest; no model is asked, nothing is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from copilot.assist.sources import Source, bytes_of
from copilot.batches import batches
from copilot.cache import Cache, key_of
from copilot.context.entries import Shape, head_of, mark_line, pieces_of
from copilot.context.manifest import Manifest, NamedEntry, NamedSection, damaged
from copilot.context.model import Frame, SectionKind
from copilot.workspace.contents import blob_id
from copilot.workspace.encodings import read_text
from copilot.workspace.masker import Masker
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.model import Part, SourceFile
from copilot.workspace.snapshot import Progress

_MOST_BYTES = 1024**3
_BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Gone:
    """An entry that cannot be rebuilt, and why."""

    section: SectionKind
    name: str
    why: str


@dataclass(frozen=True)
class Replayed:
    """A prompt in pieces: the whole if nothing is `gone`, else what is left of it."""

    pieces: tuple[bytes, ...]
    entries: int
    gone: tuple[Gone, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of what could be rebuilt."""
        return sum(map(len, self.pieces))


@dataclass(frozen=True)
class _Masking:
    """How secrets were masked; without a masker they stayed. `has_key` if its key is the same."""

    masker: Masker | None
    has_key: bool = False
    rules: str = ""

    @classmethod
    def of(cls, manifest: Manifest, masker: Masker) -> _Masking:
        masks = manifest.masks
        if masks is None:
            return cls(None)
        return cls(masker, masker.stamp == masks.key, masks.rules)


# By the number of an entry: its file as the prompt showed it, or why there is none.
_Shown: TypeAlias = "tuple[int, SourceFile | str]"


def replay(
    manifest: Manifest,
    sources: Mapping[str, Source],
    masker: Masker,
    cache: Cache,
    progress: Progress,
) -> Replayed:
    """Rebuild a prompt from what `sources` hold, each entry checked by its SHA-256.

    `sources` are by alias. Raises GitFailed, or UsageError for a manifest that is damaged.
    """
    if sum(section.size for section in manifest.sections) > _MOST_BYTES:
        raise damaged(f"its prompt would be larger than {_MOST_BYTES:,} bytes")
    entries = [entry for section in manifest.sections for entry in section.entries]
    masking = _Masking.of(manifest, masker)
    shown = _shown(entries, sources, masking)
    if any(entry.detail is Shape.OUTLINE for entry in entries):
        shown = _outlined(shown, entries, cache)
    made: dict[int, bytes | str] = {}
    for number, file in shown:
        made[number] = file if isinstance(file, str) else _whole(entries[number], file, manifest)
        progress(len(made), len(entries))
    for number, entry in enumerate(entries):
        if not entry.shows_text:
            made[number] = _line(entry, manifest.marks)
    return _gathered(manifest, [made[number] for number in range(len(entries))])


def _shown(
    entries: Sequence[NamedEntry], sources: Mapping[str, Source], masking: _Masking
) -> Iterator[_Shown]:
    """Yield the text of each file that the prompt shows, masked as it was."""
    wanted: dict[str, dict[int, NamedEntry]] = {}
    for number, entry in enumerate(entries):
        if entry.shows_text:
            wanted.setdefault(entry.repository, {})[number] = entry
    for alias, some in wanted.items():
        left = dict(some)
        if sources[alias].commits_of is not None:
            yield from _examples(some, sources[alias], masking)
            continue
        for number, data in bytes_of(sources[alias], some):
            del left[number]
            yield number, _text(some[number], data, masking)
        yield from ((number, sources[alias].why_gone) for number in left)


def _examples(
    wanted: Mapping[int, NamedEntry], source: Source, masking: _Masking
) -> Iterator[_Shown]:
    """Yield the examples made of commits once more; a text of theirs is masked already."""
    from copilot.assist.example_making import examples_again

    made: dict[str, bytes] = {}
    if source.root is not None and source.commits_of is not None:
        paths = [entry.path for entry in wanted.values()]
        made = dict(examples_again(source.root, source.commits_of, paths, masking.masker))
    for number, entry in wanted.items():
        data = made.get(entry.path)
        is_it = data is not None and entry.blob is not None and blob_id(data) == entry.blob
        if data is None or not is_it:
            has_lost_key = masking.masker is not None and not masking.has_key
            why = "; or its secrets were masked under a key that is gone" if has_lost_key else ""
            yield number, f"{source.why_gone}{why}"
            continue
        shown = SourceFile(entry.repository, entry.path, entry.blob, "", data, content=entry.blob)
        yield number, shown


def _text(entry: NamedEntry, data: bytes, masking: _Masking) -> SourceFile | str:
    found = read_text(data)
    if found is None:
        return "no text by the rules of this version"
    text = found.text
    if masking.masker:
        # Its patterns take a while to build.
        from copilot.workspace.masks.find import find_secrets

        spans = find_secrets(entry.path, text)
        if spans and not masking.has_key:
            return "its secrets were masked under a key that is gone"
        text = masking.masker.mask(text, spans)[0] if spans else text
    shown = text.encode()
    content = entry.blob if shown == data else key_of("text", text).hex()
    return SourceFile(entry.repository, entry.path, entry.blob, "", shown, content=content)


def _outlined(
    shown: Iterable[_Shown], entries: Sequence[NamedEntry], cache: Cache
) -> Iterator[_Shown]:
    """Put outlines in the place of the texts that were shown as such."""
    from copilot.structure.outliner import Outliner

    with Outliner(cache) as outliner:
        for some in batches(shown, _size, _BATCH_BYTES):
            files = {
                number: file
                for number, file in some
                if isinstance(file, SourceFile) and entries[number].detail is Shape.OUTLINE
            }
            (made,) = outliner.outlined([Part(tuple(files.values()))])
            outlines = dict(zip(files, made.part.files, strict=True))
            for number, file in some:
                yield number, _outline(file, outlines.get(number))


def _outline(whole: SourceFile | str, outline: SourceFile | None) -> SourceFile | str:
    if outline is None or isinstance(whole, str):
        return whole
    if outline.data is whole.data:
        return "no outline of it can be made here; is its grammar installed?"
    return outline


def _size(shown: _Shown) -> int:
    file = shown[1]
    return 0 if isinstance(file, str) or file.data is None else len(file.data)


def _whole(entry: NamedEntry, file: SourceFile, manifest: Manifest) -> bytes | str:
    """Return an entry with its text, or why it is another."""
    frame = manifest.marks
    head = head_of(entry.name, entry.detail, frame)
    data = b"".join(pieces_of(head, file.data or b"", frame))
    if _is_it(data, entry.sha256):
        return data
    if entry.detail is Shape.OUTLINE:
        return "its outline comes out otherwise by the rules of this version"
    if manifest.masks and manifest.masks.rules != str(FINDER_VERSION):
        return "secrets are found by other rules in this version"
    return "its text comes out otherwise by the rules of this version"


def _line(entry: NamedEntry, frame: Frame) -> bytes:
    """Return an entry without a text. Raises UsageError."""
    is_mark = entry.detail is Shape.MARK
    data = mark_line(entry.word, frame) if is_mark else head_of(entry.name, entry.detail, frame)
    if not _is_it(data, entry.sha256):
        raise damaged(f"{'a mark' if is_mark else entry.name} has not the SHA-256 that it names")
    return data


def _gathered(manifest: Manifest, made: Sequence[bytes | str]) -> Replayed:
    """Return what was made in order, the whole checked. Raises UsageError."""
    pieces: list[bytes] = []
    gone: list[Gone] = []
    rest = iter(made)
    for section in manifest.sections:
        if section.text is not None:
            pieces.append(_words(section))
        for entry in section.entries:
            one = next(rest)
            if isinstance(one, bytes):
                pieces.append(one)
            else:
                gone.append(Gone(section.kind, entry.name, one))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    if not gone and digest.hexdigest() != manifest.prompt_sha256:
        raise damaged("what it names has not its prompt_sha256")
    return Replayed(tuple(pieces), len(made), tuple(gone))


def _words(section: NamedSection) -> bytes:
    """Return a section that holds no files. Raises UsageError."""
    data = (section.text or "").encode(errors="replace")
    if not _is_it(data, section.sha256):
        raise damaged(f"the text of {section.kind} has not the SHA-256 that it names")
    return data


def _is_it(data: bytes, sha256: str) -> bool:
    return hashlib.sha256(data).hexdigest() == sha256
