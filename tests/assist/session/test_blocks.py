"""Code blocks of an answer."""

from __future__ import annotations

from copilot.assist.session.blocks import CodeBlock, code_blocks


def test_blocks_are_found_by_their_fences() -> None:
    text = "a\n```python\nx = 1\n```\n~~~~\n```\n~~~\n~~~~ \n  ````  js x\nend"
    assert code_blocks(text) == (
        CodeBlock("x = 1\n", "python"),
        CodeBlock("```\n~~~\n", ""),
        CodeBlock("end\n", "js"),
    )
    assert code_blocks("`a` ``` b ```\n    ```\n") == ()
