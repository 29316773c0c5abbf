"""Words of files and of their paths, found again by BM25.

What files hold is kept twice: the words of each content, and those of some hundred contents
together, sorted by word, so that a query reads few values. Which contents are together follows from
the contents alone: one changed file renews one such group.

BM25: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), with the IDF of Lucene,
which is never negative. Texts with equal contents count as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from copilot.cache import Cache, key_of
from copilot.context.relevance.model import Document, Query, Signal
from copilot.context.relevance.postings import Postings, decode, encode_words, join_words
from copilot.context.relevance.words import WORDS_VERSION, index_words, query_words, word_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Counts = NDArray[np.uint8]
    _Gains = NDArray[np.float32]
    _Places = NDArray[np.intp]

_VERSION = f"1.{WORDS_VERSION}"
_GROUP_TEXTS = 256
# A long task is searched by the rarest of its first words.
_MOST_SOUGHT_WORDS = 600
_MOST_WORDS = 100
_WHY_WORDS = 3
_FIRST_LINE_WEIGHT = 2.0
_DIGITS = 6
# How soon more of the same word says nothing more, and how far a long text is discounted.
_K1 = 1.2
_CONTENT_B = 0.75
_PATH_B = 0.3
# A file's own name tells more than its folders'.
_NAME_WEIGHT = 3


@dataclass(frozen=True)
class _Field:
    """What is searched: texts by their keys, and how to come by the words of some of them."""

    name: str
    why: str
    b: float
    texts: Collection[str]
    words_of: Callable[[Sequence[str]], Mapping[str, bytes]]


class Hit(NamedTuple):
    """What was found of a task in one text."""

    score: float
    words: tuple[str, ...]


class Hits(Mapping[str, Hit]):
    """What was found of a task, by text: scores at once, each hit as it is asked for.

    `tops` (words, texts) are the places of those words that bring most, -1 for none.
    """

    def __init__(
        self, texts: Sequence[str], scores: Sequence[float], tops: _Places, words: Sequence[str]
    ) -> None:
        self.scores = {one: score for one, score in zip(texts, scores, strict=True) if score > 0}
        self._columns = {text: column for column, text in enumerate(texts)}
        self._tops = tops
        self._words = words

    def __getitem__(self, text: str) -> Hit:
        score = self.scores[text]
        rows = self._tops[:, self._columns[text]].tolist()
        return Hit(score, tuple(self._words[row] for row in rows if row >= 0))

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)


class _Reasons(Mapping[str, str]):
    """Why documents have a score, by their names: the words that were found in their texts."""

    def __init__(self, why: str, hits: Hits, texts: Mapping[str, str]) -> None:
        self._why = why
        self._hits = hits
        self._texts = texts

    def __getitem__(self, name: str) -> str:
        return f"{self._why} {', '.join(self._hits[self._texts[name]].words)}"

    def __iter__(self) -> Iterator[str]:
        return (name for name, text in self._texts.items() if text in self._hits.scores)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class WordIndex:
    """The words of documents that are added part after part."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._contents: dict[str, str] = {}
        self._read: dict[str, bytes] = {}

    def add(self, documents: Sequence[Document]) -> None:
        """Take documents; of one without data, what is kept of its content is used."""
        contents = {document.name: _content(document) for document in documents}
        texts = {contents[one.name]: one.data for one in documents if one.data is not None}
        self._contents |= contents
        kept = self._kept([content for content in texts if content not in self._read])
        fresh = {
            content: encode_words(index_words(data))
            for content, data in texts.items()
            if content not in self._read and content not in kept
        }
        self._cache.put({_key("text", content): words for content, words in fresh.items()})
        self._read |= fresh

    def know(self, contents: Mapping[str, str]) -> None:
        """Take documents that were all added before: what names their contents, by their names."""
        self._contents |= contents

    def bm25(self, query: Query) -> Signal:
        """Score what documents hold by the words of the task; the best has 1."""
        contents = frozenset(self._contents.values())
        field = _Field("words", "holds", _CONTENT_B, contents, self._words_of)
        return _signal(field, _search(field, query.task, self._cache), self._contents)

    def path_words(self, query: Query) -> Signal:
        """Score the paths of documents by the words of the task; the best has 1."""
        field = _Field("path_words", "path holds", _PATH_B, self._contents, _path_words)
        paths = {name: name for name in self._contents}
        return _signal(field, _search(field, query.task, self._cache), paths)

    def _words_of(self, contents: Sequence[str]) -> dict[str, bytes]:
        read = {content: self._read[content] for content in contents if content in self._read}
        return read | self._kept([content for content in contents if content not in read])

    def _kept(self, contents: Sequence[str]) -> dict[str, bytes]:
        keys = {_key("text", content): content for content in contents}
        return {keys[key]: words for key, words in self._cache.get(list(keys)).items()}


def search_texts(name: str, texts: Collection[str], task: str, cache: Cache) -> Mapping[str, Hit]:
    """Return what short texts that are at hand hold of a task's words; `name` is for the cache."""
    return _search(_Field(name, "", _CONTENT_B, texts, _text_words), task, cache)


def _text_words(texts: Sequence[str]) -> dict[str, bytes]:
    return {text: encode_words(index_words(text.encode("utf-8", "replace"))) for text in texts}


def _content(document: Document) -> str:
    """Return what names a document's text, which may be without a name of its own."""
    return document.content or sha256(document.data or b"").hexdigest()


def _signal(field: _Field, hits: Hits, texts: Mapping[str, str]) -> Signal:
    """Return the scores of documents, whose `texts` are by their names."""
    best = max(hits.scores.values(), default=1.0)
    shares = {text: round(score / best, _DIGITS) for text, score in hits.scores.items()}
    scores = {name: shares[text] for name, text in texts.items() if text in shares}
    return Signal(field.name, scores, _Reasons(field.why, hits, texts))


def _search(field: _Field, task: str, cache: Cache) -> Hits:
    """Return the texts that hold a word of the task."""
    import numpy as np

    words = dict(islice(query_words(task).items(), _MOST_SOUGHT_WORDS))
    groups = _grouped(field.texts)
    if not words or not groups:
        return Hits((), (), np.empty((0, 0), dtype=np.intp), ())
    hashes = np.array([word_hash(word) for word in words], dtype=np.uint32)
    postings = _postings(field, groups, cache)
    found = np.hstack([some.find(hashes) for some in postings])
    known = np.hstack([some.known for some in postings])
    lengths = np.hstack([some.lengths for some in postings])[known]
    texts = np.array([text for group in groups for text in group], dtype=object)[known]
    weights = np.array(_weights(task, words), dtype=np.float32)
    gains = weights[:, None] * _gains(found[:, known], lengths, field.b)
    return _hits(gains, list(words.values()), texts.tolist())


def _weights(task: str, words: Collection[str]) -> list[float]:
    """Return what each word counts: more where the first line, which sums the task up, has it."""
    first = query_words(task.lstrip().partition("\n")[0])
    return [_FIRST_LINE_WEIGHT if word in first else 1.0 for word in words]


def _gains(found: _Counts, lengths: NDArray[np.uint32], b: float) -> _Gains:
    """Return what each word brings each text: (words, texts); nothing but of the rarest words."""
    import numpy as np

    holders = np.count_nonzero(found, axis=1)
    rows = np.flatnonzero(holders)
    rows = np.sort(rows[np.argsort(holders[rows], kind="stable")[:_MOST_WORDS]])
    idf = np.log1p((len(lengths) - holders[rows] + 0.5) / (holders[rows] + 0.5))
    room = _K1 * (1 - b + b * lengths / max(1.0, lengths.mean() if len(lengths) else 0))
    counts = found[rows].astype(np.float32)
    gains = np.zeros(found.shape, dtype=np.float32)
    gains[rows] = (
        idf[:, None].astype(np.float32) * counts * (_K1 + 1) / (counts + room.astype(np.float32))
    )
    return gains


def _hits(gains: _Gains, words: Sequence[str], texts: Sequence[str]) -> Hits:
    import numpy as np

    scores = gains.sum(axis=0, dtype=np.float64)
    tops = []
    columns = np.arange(len(texts))
    for _ in range(min(_WHY_WORDS, len(words))):
        best = gains.argmax(axis=0)
        tops.append(np.where(gains[best, columns] > 0, best, -1))
        gains[best, columns] = 0
    return Hits(texts, scores.tolist(), np.vstack(tops), words)


def _postings(field: _Field, groups: Sequence[tuple[str, ...]], cache: Cache) -> list[Postings]:
    """Return the postings of each group, from the cache or from the words of its texts."""
    keys = [_key(field.name, *group) for group in groups]
    kept = cache.get(keys)
    found, fresh = [], {}
    for key, group in zip(keys, groups, strict=True):
        postings = decode(kept[key]) if key in kept else None
        if postings is None or _is_stale(postings, group, field):
            words = field.words_of(group)
            postings = join_words([words.get(text) for text in group])
            fresh[key] = postings.encode()
        found.append(postings)
    cache.put(fresh)
    return found


def _is_stale(postings: Postings, group: Sequence[str], field: _Field) -> bool:
    """Tell whether the words of a text are known that nobody had read before."""
    if postings.known.all():
        return False
    unknown = [
        text for text, known in zip(group, postings.known.tolist(), strict=True) if not known
    ]
    return bool(field.words_of(unknown))


def _grouped(texts: Collection[str]) -> list[tuple[str, ...]]:
    """Return the texts in groups that stay the same, all but one, when one text changes."""
    count = 1 << (len(texts) // _GROUP_TEXTS).bit_length()
    groups: list[list[str]] = [[] for _ in range(count)]
    for text in sorted(texts):
        groups[crc32(text.encode("utf-8", "surrogatepass")) % count].append(text)
    return [tuple(group) for group in groups if group]


def _path_words(paths: Sequence[str]) -> dict[str, bytes]:
    return {path: encode_words(_count_path(path)) for path in paths}


def _count_path(path: str) -> Counter[int]:
    folder, _, name = path.rpartition("/")
    counts = index_words(folder.encode("utf-8", "surrogatepass"))
    for word, count in index_words(name.encode("utf-8", "surrogatepass")).items():
        counts[word] += _NAME_WEIGHT * count
    return counts


def _key(kind: str, *texts: str) -> bytes:
    if len(texts) == 1:
        return key_of("index", _VERSION, kind, *texts)
    # No text holds a NUL: names and messages cannot.
    return key_of("index", _VERSION, kind, str(len(texts)), "\0".join(texts))
