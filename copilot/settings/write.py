"""Changes to the user's own configuration file; comments and order in it survive."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from copilot.errors import UsageError

Value = str | int | float | list[str]


def add_model(file: Path, name: str, values: Mapping[str, Value], *, default: bool = False) -> None:
    """Write a `[models.NAME]` table, and `model = NAME` if it is the default. Raises UsageError."""
    document = _read(file)
    try:
        text = _with_model(document, name, values, default=default)
        written = tomllib.loads(text)
        done = written["models"][name] == values and (not default or written["model"] == name)
    except (LookupError, TypeError, ValueError):
        done = False
    if not done:
        raise UsageError(
            f"cannot add a model to {file} as it is written", "add a [models.NAME] table by hand"
        )
    _write(file, text)


def _with_model(
    document: tomlkit.TOMLDocument,
    name: str,
    values: Mapping[str, Value],
    *,
    default: bool,
) -> str:
    if default:
        document["model"] = name
    models = document.setdefault("models", tomlkit.table(is_super_table=True))
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = value
    models[name] = table
    return tomlkit.dumps(document)


def _read(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise UsageError(f"cannot read {file}: {error}", "mend the file") from error


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, so that a crash leaves the old or the new one.

    A link, as people keep their settings elsewhere, stays one.
    """
    try:
        file = file.resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, delete=False, suffix=".tmp"
        ) as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(file)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", "check its folder") from error
