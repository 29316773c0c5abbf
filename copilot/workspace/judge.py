"""A file's kind and whether that leaves it out: first by its name, then by its contents."""

from __future__ import annotations

from dataclasses import dataclass

from copilot.workspace.attributes import NOTHING_TOLD, Told
from copilot.workspace.kinds import Kind, kind_of_name
from copilot.workspace.marks import LONG_LINE, is_minified, looks_like_data, says_generated

MAX_DATA_CHARACTERS = 200_000
_BY_NAME = {
    Kind.LOCK: "lock file",
    Kind.SECRET: "secret: its name says it holds keys or passwords",
    Kind.MINIFIED: "minified: its name says so",
    Kind.GENERATED: "generated: a source map",
}
_CODE = frozenset({Kind.SOURCE, Kind.TEST})
_MAY_BE_GENERATED = _CODE | {Kind.CONFIGURATION, Kind.DATA}


@dataclass(frozen=True)
class Verdict:
    """A file's kind, None if nothing tells it yet, and why files of that kind are left out."""

    kind: Kind | None
    left_out: str | None = None


def judge_name(path: str, told: Told = NOTHING_TOLD, vendored: str | None = None) -> Verdict:
    """Judge by the name and by what attributes tell; `vendored` says why its folder is."""
    kind = kind_of_name(path)
    if kind in {Kind.SECRET, Kind.LOCK}:
        return Verdict(kind, _BY_NAME[kind])
    if told.vendored:
        return Verdict(Kind.VENDORED, "vendored: linguist-vendored in .gitattributes")
    if vendored and told.vendored is None:
        return Verdict(Kind.VENDORED, vendored)
    if told.generated:
        return Verdict(Kind.GENERATED, "generated: linguist-generated in .gitattributes")
    if told.binary:
        return Verdict(Kind.BINARY, "binary: -diff or binary in .gitattributes")
    if kind in _BY_NAME and told.generated is not False:
        return Verdict(kind, _BY_NAME[kind])
    return Verdict(kind)


def judge_text(path: str, text: str, kind: Kind | None, told: Told = NOTHING_TOLD) -> Verdict:
    """Judge by the contents; `kind` is what the name told."""
    kind = kind or _kind_of_unnamed(text)
    if kind is Kind.BINARY or (kind is Kind.DOCUMENTATION and _is_large_table(text)):
        kind = Kind.DATA
    if told.generated is not False:
        if kind in _MAY_BE_GENERATED and says_generated(path, text):
            return Verdict(Kind.GENERATED, "generated: the comments at its head say so")
        if kind in _CODE and is_minified(text):
            why = f"minified: most of it stands in lines of {LONG_LINE:,} characters and more"
            return Verdict(Kind.MINIFIED, why)
    if kind is Kind.DATA and len(text) > MAX_DATA_CHARACTERS:
        return Verdict(kind, f"data of more than {MAX_DATA_CHARACTERS:,} characters")
    return Verdict(kind)


def _kind_of_unnamed(text: str) -> Kind:
    if text.startswith("#!"):
        return Kind.SOURCE
    return Kind.DATA if looks_like_data(text) else Kind.DOCUMENTATION


def _is_large_table(text: str) -> bool:
    return len(text) > MAX_DATA_CHARACTERS and looks_like_data(text)
