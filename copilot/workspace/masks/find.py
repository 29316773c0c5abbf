"""Secrets in a text: a quick pass picks the lines, the detectors judge only those."""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot.workspace.masks.candidates import candidates
from copilot.workspace.masks.detectors import known_tokens, told_secrets
from copilot.workspace.masks.files import Traits, traits_of
from copilot.workspace.masks.kubernetes import kubernetes_secrets
from copilot.workspace.masks.private_keys import private_keys
from copilot.workspace.masks.span import Span

_MOST_BEFORE = 1024
_MOST_AFTER = 2048
_REST_OF_WORD = re.compile(r"[^\s\"'`<>,;]{0,8192}")


def find_secrets(path: str, text: str, data: bytes | None = None) -> tuple[Span, ...]:
    """Return the secrets in a file's text, in order; none overlaps another or a line's end.

    `path` tells in which language to read. Tests and documentation are full of made-up passwords:
    there a password must look stronger to be taken for a real one, and hashes of passwords are
    none. What has a placeholder's shape is found too, so that no text passes for a mask. `data` is
    the text in UTF-8, where that is at hand.
    """
    traits = traits_of(path)
    data = text.encode("utf-8", "surrogatepass") if data is None else data
    contexts, heads = candidates(data, names_tell=not traits.shapes_only)
    if not (contexts or heads):
        return ()
    found = list(kubernetes_secrets(text, traits.careful)) if _is_kubernetes(text, traits) else []
    found += private_keys(text) if "PRIVATE KEY" in text or "Private-Lines" in text else []
    for hits, judge in ((heads, known_tokens), (contexts, told_secrets)):
        for start, end in _windows(text, hits):
            for first, last, kind in judge(text, start, end, traits):
                found.append(Span(start + first, start + last, kind))
    return _united(found)


def _is_kubernetes(text: str, traits: Traits) -> bool:
    return traits.yaml and not traits.shapes_only and "kind:" in text and "Secret" in text


def _windows(text: str, hits: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the line around each hit, or of a long line the part around it."""
    offsets = hits if text.isascii() else _in_characters(text, hits)
    done = 0
    for position in offsets:
        if position < done:
            continue
        earliest = max(done, position - _MOST_BEFORE)
        feed = text.rfind("\n", earliest, position)
        start = feed + 1 if feed >= 0 else earliest
        done = text.find("\n", position, position + _MOST_AFTER)
        if done < 0:
            word = _REST_OF_WORD.match(text, min(len(text), position + _MOST_AFTER))
            done = word.end() if word else len(text)
        yield start, done


def _in_characters(text: str, offsets: list[int]) -> Iterator[int]:
    """Turn offsets into UTF-8 into offsets into `text`."""
    data = text.encode("utf-8", "surrogatepass")
    before = characters = 0
    for offset in offsets:
        characters += len(data[before:offset].decode("utf-8", "surrogatepass"))
        before = offset
        yield characters


def _united(spans: list[Span]) -> tuple[Span, ...]:
    """Join what overlaps; the kind is that of the span found first."""
    groups: list[list[tuple[int, Span]]] = []
    end = 0
    for numbered in sorted(enumerate(spans), key=lambda one: one[1].start):
        if not groups or numbered[1].start >= end:
            groups.append([])
        groups[-1].append(numbered)
        end = max(end, numbered[1].end)
    return tuple(
        Span(group[0][1].start, max(span.end for _, span in group), min(group)[1].kind)
        for group in groups
    )
