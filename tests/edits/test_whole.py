from __future__ import annotations

import pytest

from copilot.edits.operations import Create, Operation, Replace, Write
from copilot.edits.parse import parse
from copilot.errors import EditsRefused

_END = "END OF EDITS: 1 file, 1 block\n"


def _read(reply: str) -> tuple[Operation, ...]:
    return parse(reply, closing_required=False).operations


@pytest.mark.parametrize(
    "line",
    [
        "main/a.py",
        "a.py",
        "`main/a.py`",
        "**main/a.py**",
        "### main/a.py",
        "File: main/a.py",
        "main/a.py:",
        "Makefile",
        ".gitignore",
    ],
)
def test_a_path_line_and_directly_below_it_the_file(line: str) -> None:
    operations = _read(f"I write it.\n\n{line}\n```python\nx = 1\n```\nDone.\n")
    assert operations == (Write(line.strip("`*# :").removeprefix("File: "), "x = 1\n", 3),)


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n \n"])
@pytest.mark.parametrize(
    "line",
    [
        "main/a.py",
        "`main/a.py`",
        "**main/a.py**",
        "**`main/a.py`**:",
        "### main/a.py",
        "#### 2. `main/a.py`",
        "**File:** `main/a.py`",
        "Create `main/a.py`:",
        "**Update `main/a.py`**",
    ],
)
def test_a_path_line_apart_names_the_file_below(line: str, gap: str) -> None:
    reply = f"I write it.\n\n{line}\n{gap}```python\nx = 1\n```\nDone.\n"
    assert _read(reply) == (Write("main/a.py", "x = 1\n", 3),)
    # Where our own format was asked for it is an example.
    assert parse(reply).operations == ()


def test_a_path_line_apart_may_be_a_shell_script_s_or_a_file_s_that_begins_with_a_dot() -> None:
    for path in ("main/a.sh", ".env.example", ".bashrc"):
        assert _read(f"### {path}\n\n```bash\nls\n```\n") == (Write(path, "ls\n", 1),)


@pytest.mark.parametrize(
    "info",
    [
        "python:main/a.py",
        "main/a.py",
        'python title="main/a.py"',
        "python title='main/a.py'",
        "py {1,3} filename=main/a.py",
    ],
)
def test_a_fence_may_name_its_file(info: str) -> None:
    assert _read(f"Here:\n```{info}\nx = 1\n```\n") == (Write("main/a.py", "x = 1\n", 2),)


def test_a_fence_and_the_line_above_it_may_name_the_same_file() -> None:
    for above, info in (
        ("### main/a.py\n", "python:a.py"),
        ("main/a.py", "py:main/a.py"),
        ("### a.py\n", "main/a.py"),
    ):
        assert _read(f"{above}\n```{info}\nx\n```\n") == (Write("main/a.py", "x\n", 1),)


@pytest.mark.parametrize(
    "reply",
    [
        "```python\nx = 1\n```\n",
        "python\n```\nx = 1\n```\n",
        "Before\n```\nx = 1\n```\n",
        "version 1.2\n```\nx = 1\n```\n",
        "v1.2\n```\nx = 1\n```\n",
        "It goes into main/a.py:\n```\nx = 1\n```\n",
        "main/a.py\n\n\n\n```\nx = 1\n```\n",
        "It goes into\nmain/a.py\n\n```\nx = 1\n```\n",
        "### Input/Output\n\n```\nx = 1\n```\n",
        "### Node.js\n\n```js\nx = 1\n```\n",
        "### .NET\n\n```\nx = 1\n```\n",
        "`items.map`\n\n```js\nx = 1\n```\n",
        "https://example.org/a.html\n\n```\nx = 1\n```\n",
        "### main/a.py\n\n```sh\npython main/a.py\n```\n",
        "Edit `main/a.py`:\n```\nx = 1\n```\n",
        "In `main/a.py`:\n\n```\nx = 1\n```\n",
        "```12:15:main/a.py\nx = 1\n```\n",
        "```python title='An example'\nx = 1\n```\n",
        "```a.py\nx = 1\n```\n",
        "```\n```python:main/a.py\nx = 1\n```\n```\n",
        "````\nmain/a.py\n```python\nx = 1\n```\n````\n",
    ],
)
def test_an_example_is_prose(reply: str) -> None:
    assert _read(reply) == ()
    assert parse(reply).prose == reply.strip()


def test_prose_stands_around_and_an_empty_file_is_empty() -> None:
    reply = parse("One.\n\na/b.py\n```\n```\n\nTwo.\n", closing_required=False)
    assert reply.operations == (Write("a/b.py", "", 3),)
    assert reply.prose == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("fence", "content"),
    [
        ("````", "# T\n\n```\ncode\n```\n"),
        ("```", "# T\n\n```sh\ncode\n```\n"),
        ("```", "# T\n\n````md\n```\ncode\n```\n````\n"),
        ("~~~", "# T\n\n```\ncode\n```\n"),
        ("```", "- x\n\n  ```\n  code\n  ```\n"),
        ("```", 'text = """\n```json\n{}\n```\n"""\n'),
        ("```", "a `` b\n``\n"),
        ("```", "``` `a` ```\n"),
        ("```", "```\tsh\ncode\n```\n"),
    ],
)
def test_fences_inside_are_content(fence: str, content: str) -> None:
    for closing in ("", "\nThen:\n```sh\nmake\n```\n"):
        reply = f"a/README.md\n{fence}\n{content}{fence}\n{closing}"
        assert _read(reply) == (Write("a/README.md", content, 1),)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("a/b.md\n```\n# T\n```\ncode\n```\nmore\n```\n", "line 6 .* may be content of line 1"),
        ("a/b.md\n```\n# T\n```\n\nc/d.md\n```\nmore\n```\n", "line 7 .* may be content of line 1"),
        ("a/b.py\n```\nx\n```\nc/d.py\n```\nmore\n```\n", "line 6 .* may be content of line 1"),
        (
            "a/b.md\n```\n# T\n````\ncode\n````\n```\n",
            "line 4 .* may close the fence or be content",
        ),
        ("a/b.md\n```\n" + "```a\n" * 100 + "```\n" * 101, "more than 100 fences"),
        ("a/b.py\n```\nx = 1\n", "line 2 of the reply: the fence is never closed"),
        ("a/b.py\n```\n```sh\nx\n```\n", "line 2 of the reply: the fence is never closed"),
        ("  a/b.py\n  ```\n  x\n  ```\n", "line 2 .* the file's fence is indented"),
        ("a/b.py\n```\n\n@@ -1 +1 @@\n-a\n```\n", "line 4 .* a hunk stands where a whole file"),
        ("a/b.py (new)\n```\nx\n```\n\nc/d.py\n```\ny\n```\n", "line 2 .* may be an example"),
        ("a/b.py\n```\nx\n```\n\nc/d.py\n\n```py\ny\n```\n", "line 8 .* may be an example"),
        ("a/b.py\n```\nx\n```\n\n```py c/d.py\ny\n```\n", "line 6 .* may be an example"),
        ("a/b.py\n```\nx = 1\n<<<<<<< SEARCH\n```\n", "line 4 .* a marker stands in a whole file"),
        ("a/b.py\n\n```py:c/d.py\nx\n```\n", "line 3 .* names another file than the line above"),
        ("a/b.py\n\n```\n\n@@ -1 +1 @@\n-a\n```\n", "line 5 .* a hunk stands where a whole file"),
        ("a/b.py\n\n```diff\n- a\n+ b\n```\n", "line 4 .* no lines that name its file"),
        ("a/b.py\n\n```py\nx\n```\n\nc/d.py\n```py\ny\n```\n", "line 3 .* may be an example"),
        (
            "a/b.py\n\n```\nx\n```\n\n```diff\n--- a/q\n+++ b/q\n@@ @@\n-a\n+b\n```\n",
            "line 3 .* may be an example",
        ),
        ("a/b.md\n\n```\nx\n```\n\nc/d.md\n\n```\ny\n```\n", "line 9 .* may be content of line 1"),
    ],
)
def test_an_end_that_is_not_sure_is_refused(reply: str, reason: str) -> None:
    with pytest.raises(EditsRefused, match=reason):
        _read(reply)


def test_a_longer_fence_leaves_no_doubt_of_shorter_ones() -> None:
    reply = "a/b.md\n````\n```\nx\n```\n````\n\nc/d.py\n```\ny\n```\n"
    assert [operation.path for operation in _read(reply)] == ["a/b.md", "c/d.py"]


def test_several_files() -> None:
    reply = "a/b.py\n```\nx\n```\n\nc/d.md\n```markdown\ny\n```\n\ne/f.go\n```go\nz\n```\n"
    assert _read(reply) == (
        Write("a/b.py", "x\n", 1),
        Write("c/d.md", "y\n", 6),
        Write("e/f.go", "z\n", 11),
    )


def test_where_our_format_was_asked_for_a_file_must_be_counted_and_alone() -> None:
    file = "a/b.py\n```\nx\n```\n\n"
    block = "c/d.py\n<<<<<<< CREATE\ny\n>>>>>>> END\n\n"
    assert parse(file + _END).operations == (Write("a/b.py", "x\n", 1),)
    for reply in (file, file + block + _END, file + "END OF EDITS: 0 files, 0 blocks\n"):
        with pytest.raises(EditsRefused):
            parse(reply)
    with pytest.raises(EditsRefused, match=r"line 1 .* may be an example .*: a/b\.py"):
        parse(file + block + "END OF EDITS: 2 files, 2 blocks\n")
    both = parse(file + block + "END OF EDITS: 2 files, 2 blocks\n", closing_required=False)
    assert [type(operation) for operation in both.operations] == [Write, Create]


def test_a_fence_that_begins_with_a_block_is_no_file() -> None:
    reply = "a/b.py\n```python\n\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n```\n"
    assert _read(reply) == (Replace("a/b.py", "x\n", "y\n", 4),)
