"""What a request for edits has besides: the product's whole rules, and examples from history.

Examples are files of a repository of their own, as the product has them.

`Material.prompts["examples-N"]` holds N of them as JSON: the text of each by its name with alias.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from copilot.errors import UsageError
from copilot.evals.model import Material
from copilot.settings.prompts import fill_prompt
from copilot.workspace.model import Snapshot, SourceFile

_REASON = "an earlier commit, drawn as an example"


def prompt_name(count: int) -> str:
    """Return under which name a material holds so many examples."""
    return f"examples-{count}"


def examples_text(files: Iterable[SourceFile]) -> str:
    """Return examples as a material holds them."""
    return json.dumps({file.name: file.text for file in files}, ensure_ascii=True)


def examples_in(material: Material, count: int) -> tuple[SourceFile, ...]:
    """Return so many examples, none for 0. Raises UsageError where the material has none."""
    if not count:
        return ()
    texts = json.loads(material.prompts.get(prompt_name(count), "{}"))
    if not texts:
        raise UsageError("no examples can be made of this repository's history", "--examples 0")
    parts = ((name.partition("/"), text) for name, text in texts.items())
    return tuple(
        SourceFile(alias, path, None, _REASON, text.encode()) for (alias, _, path), text in parts
    )


_kept: dict[tuple[str, str, str], Material] = {}


def with_whole_rules(material: Material) -> Material:
    """Return a material with all the rules that `copilot edit` has, where the files are masked."""
    texts = [material.prompts[name] for name in ("rules", "outlines", "masks")]
    return replace(material, prompts={**material.prompts, "rules": _lines(texts)})


def with_examples(material: Material, count: int) -> Material:
    """Return a material with examples among its files and in its rules; the last one is kept."""
    examples = examples_in(material, count)
    if not examples:
        return material
    text = material.prompts[prompt_name(count)]
    key = (material.sha256, text, material.prompts["rules"])
    if key not in _kept:
        _kept.clear()
        _kept[key] = _joined(material, examples, text)
    return _kept[key]


def _joined(material: Material, examples: tuple[SourceFile, ...], text: str) -> Material:
    files = sorted((*material.snapshot.files, *examples), key=lambda file: file.name)
    names = ", ".join(dict.fromkeys(f"`{file.repository}/`" for file in examples))
    told = [fill_prompt(material.prompts[name], names=names) for name in ("read-only", "examples")]
    rules = _lines([material.prompts["rules"], *told])
    return replace(
        material,
        snapshot=Snapshot(material.snapshot.repositories, tuple(files)),
        prompts={**material.prompts, "rules": rules},
        sha256=sha256(f"{material.sha256}\0{text}".encode()).hexdigest(),
    )


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text.rstrip()}\n" for text in texts)
