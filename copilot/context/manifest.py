"""What the model saw, as data (the format is in docs/manifest.md)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from copilot.context.model import PackedFile, Prompt
from copilot.workspace.model import Repository, Snapshot

MANIFEST_VERSION = 1


def manifest(prompt: Prompt, snapshot: Snapshot, budget: int, model: str | None) -> dict[str, Any]:
    """Return the manifest; `budget` in tokens, `model` None for a prompt that is only packed."""
    return {
        "version": MANIFEST_VERSION,
        "prompt_sha256": prompt.sha256,
        "tokenizer": prompt.tokenizer,
        "budget": budget,
        "total_tokens": prompt.total_tokens,
        "model": model,
        "repositories": [_repository(repository) for repository in snapshot.repositories],
        "sections": [
            {"kind": str(s.kind), "tokens": s.tokens, "sha256": s.sha256} for s in prompt.sections
        ],
        "files": [_file(file) for file in prompt.files],
    }


def to_json(document: dict[str, Any]) -> str:
    """Return JSON in ASCII; bytes of names that are no UTF-8 stand as lone surrogates (PEP 383)."""
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _repository(repository: Repository) -> dict[str, Any]:
    url = repository.url
    return {
        "alias": repository.alias,
        **({"root": str(repository.root)} if url is None else {"url": url}),
        "revision": repository.revision,
        "dirty": repository.dirty,
    }


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
