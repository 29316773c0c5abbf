"""What the model saw, as data that its prompt can be rebuilt from (docs/manifest.md)."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import msgspec

from copilot.context.entries import Entry, Shape
from copilot.context.model import Frame, PackedFile, Prompt, Section, SectionKind
from copilot.errors import UsageError
from copilot.text import one_line
from copilot.workspace.masker import Masker
from copilot.workspace.masks.span import FINDER_VERSION
from copilot.workspace.model import Repository, Snapshot

MANIFEST_VERSION = 2

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class NamedEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a section; a mark has a `word`, every other a repository and a path.

    `tokens`, `size` (in bytes) and `sha256` are those of the whole entry, its frame included.
    `blob` is git's object id of the bytes that the file had.
    """

    repository: str = ""
    path: str = ""
    detail: Shape
    word: Annotated[str, msgspec.Meta(pattern=r"^[a-z]*\Z")] = ""
    blob: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")] | None = None
    tokens: _Count
    size: _Count
    sha256: _Sha256

    @property
    def name(self) -> str:
        return f"{self.repository}/{self.path}"

    @property
    def shows_text(self) -> bool:
        return self.detail in {Shape.FULL, Shape.OUTLINE}


class NamedSection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One section: rules and task as their `text`, every other as its entries in order."""

    kind: SectionKind
    tokens: _Count
    size: _Count
    sha256: _Sha256
    text: str | None = None
    entries: list[NamedEntry] = []


class NamedFrame(msgspec.Struct, frozen=True):
    """The marks of a prompt, see `Frame`."""

    file_tag: Annotated[str, msgspec.Meta(pattern=r"^file(?:-[1-9][0-9]{0,9})?\Z")]
    marker: _Count


class NamedMasks(msgspec.Struct, frozen=True):
    """What secrets were found by, and what tells the key of their masks from others."""

    rules: str
    key: str


class NamedRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A folder (`root`) or a repository elsewhere (`url`); `revision` is its commit.

    The files are examples made of the commits of another one, if `commits_of` names that.
    """

    alias: str
    root: str | None = None
    url: str | None = None
    commits_of: str | None = None
    revision: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{40,64}\Z")] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a manifest that a prompt is rebuilt from; without `masks` secrets stay."""

    prompt_sha256: _Sha256
    total_tokens: _Count
    frame: NamedFrame
    masks: NamedMasks | None
    repositories: tuple[NamedRepository, ...]
    sections: tuple[NamedSection, ...]

    @property
    def marks(self) -> Frame:
        return Frame(self.frame.file_tag, self.frame.marker)


def manifest(
    prompt: Prompt,
    snapshot: Snapshot,
    budget: int,
    model: str | None,
    *,
    mode: str = "whole",
    masker: Masker | None = None,
) -> dict[str, Any]:
    """Return the manifest; `budget` in tokens, `model` None for a prompt that is only packed.

    `mode` says how files were chosen; `masker` is what secrets were masked with, None if they stay.
    """
    masks = NamedMasks(str(FINDER_VERSION), masker.stamp) if masker else None
    return {
        "version": MANIFEST_VERSION,
        "prompt_sha256": prompt.sha256,
        "tokenizer": prompt.tokenizer,
        "budget": budget,
        "total_tokens": prompt.total_tokens,
        "model": model,
        "mode": str(mode),
        "frame": asdict(prompt.frame),
        "masks": msgspec.to_builtins(masks),
        "repositories": [_repository(repository) for repository in snapshot.repositories],
        "sections": [msgspec.to_builtins(_named_section(one)) for one in prompt.sections],
        "files": [_file(file) for file in prompt.files],
    }


def to_json(document: dict[str, Any]) -> str:
    """Return JSON in ASCII; bytes of names that are no UTF-8 stand as lone surrogates (PEP 383)."""
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def parse_manifest(document: Any) -> Manifest:
    """Return what a prompt is rebuilt from. Raises UsageError for what is no such manifest."""
    version = document.get("version") if isinstance(document, Mapping) else None
    if version != MANIFEST_VERSION:
        told = f"has version {version}" if isinstance(version, int) else "is none of ours"
        raise UsageError(
            f"the manifest {told}; a prompt can be rebuilt from version {MANIFEST_VERSION} alone",
            "pack again to get a manifest of this version",
        )
    try:
        parsed = msgspec.convert(document, type=Manifest)
    except msgspec.ValidationError as error:
        raise damaged(str(error)) from error
    _check(parsed)
    return parsed


def damaged(why: str) -> UsageError:
    return UsageError(f"the manifest is damaged: {one_line(why)}", "use it as it was written")


def _check(parsed: Manifest) -> None:
    """Raise UsageError unless sums add up and each file lies below a repository that is named."""
    aliases = {repository.alias for repository in parsed.repositories}
    if sum(section.tokens for section in parsed.sections) != parsed.total_tokens:
        raise damaged("its sections do not add up to total_tokens")
    for section in parsed.sections:
        if section.entries if section.text is not None else not _adds_up(section):
            raise damaged(f"the entries of {section.kind} do not add up to it")
        for entry in section.entries:
            if entry.detail is not Shape.MARK and not (
                entry.repository in aliases and _is_below(entry.path)
            ):
                raise damaged(f"{entry.name} is no path below one of its repositories")


def _adds_up(section: NamedSection) -> bool:
    tokens = sum(entry.tokens for entry in section.entries)
    return (tokens, sum(entry.size for entry in section.entries)) == (section.tokens, section.size)


def _is_below(path: str) -> bool:
    """Tell whether a path stays below its root, and out of git's own folder."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return "\0" not in path and {"", ".", "..", ".git"}.isdisjoint(path.casefold().split("/"))


def _repository(repository: Repository) -> dict[str, Any]:
    url = repository.url
    return {
        "alias": repository.alias,
        **({"root": str(repository.root)} if url is None else {"url": url}),
        **({"commits_of": repository.commits_of} if repository.commits_of else {}),
        "revision": repository.revision,
        "dirty": repository.dirty,
    }


def _named_section(section: Section) -> NamedSection:
    is_text = section.kind in {SectionKind.RULES, SectionKind.TASK}
    return NamedSection(
        kind=section.kind,
        tokens=section.tokens,
        size=sum(map(len, section.pieces)),
        sha256=section.sha256,
        text=section.text if is_text else None,
        entries=list(_named_entries(section)),
    )


def _named_entries(section: Section) -> Iterator[NamedEntry]:
    # What was frozen is one piece already; a copy of it would take as much memory again.
    whole = section.pieces[0] if len(section.pieces) == 1 else section.data
    data, start = memoryview(whole), 0
    for entry in section.entries:
        yield _named_entry(entry, data[start : start + entry.size])
        start += entry.size


def _named_entry(entry: Entry, data: memoryview) -> NamedEntry:
    is_mark = entry.shape is Shape.MARK
    alias, _, path = entry.name.partition("/")
    return NamedEntry(
        repository=alias,
        path=path,
        detail=entry.shape,
        word=entry.source if is_mark else "",
        blob=entry.blob,
        tokens=entry.tokens,
        size=entry.size,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _file(file: PackedFile) -> dict[str, Any]:
    return {
        "repository": file.repository,
        "path": file.path,
        "blob": file.blob,
        "section": str(file.section) if file.section else None,
        "detail": str(file.detail),
        "tokens": file.tokens,
        "reason": file.reason,
        "masks": [asdict(mask) for mask in file.masks],
    }
