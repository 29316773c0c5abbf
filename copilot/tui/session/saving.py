"""A code block kept in a file of the person's choice."""

from __future__ import annotations

from pathlib import Path

from copilot.errors import UsageError
from copilot.text import one_line
from copilot.tui.session.conversation import CodeBlock
from copilot.tui.session.highlight import file_name


def proposed_name(block: CodeBlock) -> str:
    """Return a name in the language of the block, such as `block-2.py`."""
    _, dot, suffix = file_name(block.language).rpartition(".") if block.language else ("", "", "")
    return f"block-{block.number}.{suffix if dot else 'txt'}"


def saved(block: CodeBlock, name: str) -> Path:
    """Write a block to a new file, and return its path. Raises UsageError; overwrites nothing."""
    path = Path(name.strip()).expanduser()
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(block.text)
    except FileExistsError as error:
        raise UsageError(f"{one_line(str(path))} is there", "choose another name") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"cannot write {one_line(str(path))}: {why}", "choose another") from error
    return path
