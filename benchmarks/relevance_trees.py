"""A repository as it was at a commit, as the program would read and count it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from copilot.batches import batches
from copilot.cache import Cache, key_of
from copilot.context.relevance.model import Document
from copilot.context.tokens import DEFAULT_TOKENIZER, count_tokens
from copilot.workspace.choose import Chooser, Selection
from copilot.workspace.git import run_git
from copilot.workspace.remote import read_kept_parts
from copilot.workspace.remote_cache import KeptRepository
from copilot.workspace.remote_name import RemoteName

_FRAME = b'<file path="%s">\n%s\n</file>\n'
_BATCH_BYTES = 4 * 1024 * 1024


def read_tree(clone: Path, alias: str, revision: str, cache: Cache) -> list[Document]:
    """Return the texts that a pack of a commit could hold; `clone` may be written to.

    Raises GitFailed.
    """
    # Attributes are read from the index.
    run_git(clone, f"--git-dir={clone}", "read-tree", revision)
    kept = KeptRepository(RemoteName(alias, clone.as_uri(), revision), revision, clone, 0.0)
    parts = read_kept_parts([kept], Chooser(Selection(), cache), lambda *_: None)
    return [
        Document(file.name, file.kind, file.content or _content(file.data), file.data)
        for part in parts
        for file in part.files
        if file.data is not None
    ]


def _content(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tokens_of(documents: Sequence[Document], cache: Cache) -> dict[str, int]:
    """Return the tokens that each text takes in a prompt with its frame."""
    keys = {
        document.name: key_of("framed", DEFAULT_TOKENIZER, document.name, document.content)
        for document in documents
    }
    kept = cache.get(list(keys.values()))
    missing = [document for document in documents if keys[document.name] not in kept]
    texts = [_FRAME % (document.name.encode(), document.data or b"") for document in missing]
    counts = [n for some in batches(texts, len, _BATCH_BYTES) for n in count_tokens(some)]
    made = {
        keys[document.name]: b"%d" % count for document, count in zip(missing, counts, strict=True)
    }
    cache.put(made)
    return {name: int((kept | made)[key]) for name, key in keys.items()}
