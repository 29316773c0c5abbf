"""The words sent to models: Markdown files with named blanks, `{{like_this}}`."""

from __future__ import annotations

import re
from pathlib import Path

from copilot.errors import UsageError
from copilot.settings.bundled import bundled

_BLANK = re.compile(r"\{\{([a-z_]+)\}\}")


def load_prompt(name: str, own: Path) -> str:
    """Return the prompt `<name>.md`: the user's own (in folder `own`), else the bundled one.

    Raises UsageError if the user's file cannot be read as UTF-8.
    """
    mine = own / f"{name}.md"
    path = mine if mine.is_file() else bundled("prompts") / f"{name}.md"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the prompt {path}: {error}", "mend or remove it") from error


def fill_prompt(template: str, **values: str) -> str:
    """Fill every blank in one pass, so that a value can never be taken for a blank.

    Raises UsageError if the template names a blank that has no value.
    """

    def value_of(match: re.Match[str]) -> str:
        if match.group(1) not in values:
            known = ", ".join(sorted(values))
            raise UsageError(f"unknown blank {match.group()} in a prompt", f"known: {known}")
        return values[match.group(1)]

    return _BLANK.sub(value_of, template)
