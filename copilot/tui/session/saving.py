"""A code block kept in a file of the person's choice."""

from __future__ import annotations

from pathlib import Path

from copilot.assist.session.new_file import write_new
from copilot.tui.session.conversation import CodeBlock
from copilot.tui.session.highlight import file_name


def proposed_name(block: CodeBlock) -> str:
    """Return a name in the language of the block, such as `block-2.py`."""
    _, dot, suffix = file_name(block.language).rpartition(".") if block.language else ("", "", "")
    return f"block-{block.number}.{suffix if dot else 'txt'}"


def saved(block: CodeBlock, name: str) -> Path:
    """Write a block to a new file, and return its path. Raises UsageError; overwrites nothing."""
    path = Path(name.strip()).expanduser()
    write_new(path, block.text)
    return path
