from __future__ import annotations

import pytest

from copilot.structure.definitions import definitions
from copilot.structure.grammars import missing_grammar
from copilot.structure.outline import outline
from copilot.structure.references import references

pytestmark = pytest.mark.skipif(
    missing_grammar("a.html") is not None, reason=f"needs {missing_grammar('a.html')}"
)

PAGE = b"""\
<p>One</p>
<script type="module">
import { send } from './send.js';

export class Cart extends Base {
  pay() {
    return send(this.items);
  }
}
</script>
<style>
.cart { color: red }
</style>
"""

TYPED = b"""\
<script lang="ts">
import { ref } from 'vue';
export interface Item { name: string }
const open = ref<boolean>(false);
export function first(items: Item[]): Item {
  return items[0];
}
</script>
"""

GUIDE = b"""\
# Guide

> 1. So:
>
>    ```python
>    import shop
>
>    def buy(cart):
>        total = shop.total(cart)
>        return total
>    ```
"""


def _found(path: str, data: bytes) -> list[tuple[str, str, int, int]]:
    return [(d.kind, d.name, d.start_line, d.end_line) for d in definitions(path, data)]


def _used(path: str, data: bytes) -> list[tuple[str, str, int]]:
    return [(r.kind, r.name, r.line) for r in references(path, data)]


def test_a_page_gives_its_scripts_and_styles_definitions_by_its_own_lines() -> None:
    assert _found("a.html", PAGE) == [
        ("class", "Cart", 5, 9),
        ("method", "pay", 6, 8),
        ("rule", ".cart", 12, 12),
    ]


def test_a_page_gives_what_its_scripts_use() -> None:
    assert _used("a.html", PAGE) == [
        ("import", "./send.js", 3),
        ("type", "Base", 5),
        ("call", "send", 7),
    ]


@pytest.mark.parametrize("path", ["a.vue", "a.svelte", "a.html"])
def test_a_script_is_read_in_the_language_it_names(path: str) -> None:
    found = _found(path, TYPED)
    assert ("interface", "Item", 3, 3) in found
    assert ("function", "first", 5, 7) in found
    assert ("call", "ref", 4) in _used(path, TYPED)


def test_a_fence_in_a_quote_in_a_list_is_code_without_their_marks() -> None:
    assert _found("a.md", GUIDE) == [("heading", "Guide", 1, 11), ("function", "buy", 8, 10)]
    assert _used("a.md", GUIDE) == [("import", "shop", 6), ("call", "total", 9)]
    made = outline("a.md", GUIDE.decode())
    assert made is not None
    assert made.text.endswith(">    def buy(cart):\n… 2 lines\n>    ```\n")


@pytest.mark.parametrize(
    "info", ["python", "Python", "py", "{.python .numberLines}", "python:a.py"]
)
def test_the_first_word_after_a_fence_is_its_language(info: str) -> None:
    data = f"``` {info}\ndef f():\n    pass\n```\n".encode()
    assert _found("a.md", data) == [("function", "f", 2, 3)]


@pytest.mark.parametrize(
    "info", ["", "text", "console", "mermaid", "pythonic", "../../x", "\udcff"]
)
def test_a_fence_of_no_known_language_defines_nothing(info: str) -> None:
    data = f"```{info}\ndef f():\n    pass\n```\n".encode("utf-8", "surrogateescape")
    assert _found("a.md", data) == []


def test_a_name_in_a_page_belongs_to_no_element_or_heading_around_it() -> None:
    page = b'<main id="top"><div id="in"></div><script>function f() {}</script></main>\n'
    assert [(d.name, d.parent) for d in definitions("a.html", page)] == [
        ("top", None),
        ("in", "top"),
        ("f", None),
    ]


@pytest.mark.parametrize(
    "before",
    [
        b'<p class="open>text\n',
        b"<div <p> <\n",
        b"</b></i></table>\n",
        b"<!-- never closed, \n",
        b"\xff\xfe<p\0>\n",
        b"<" * 50 + b"\n",
    ],
)
@pytest.mark.parametrize("path", ["a.html", "a.vue", "a.svelte"])
def test_mistakes_of_a_page_do_not_hide_its_scripts(path: str, before: bytes) -> None:
    data = (
        before
        + b'<script lang="ts">\nfunction f(a: number) {\n  return a;\n}\n</script>\n<b x="">\n'
    )
    assert ("function", "f", 3, 5) in _found(path, data)


def test_a_mistake_in_a_script_is_told_by_the_line_of_the_file() -> None:
    made = outline("a.html", "<p>x</p>\n<script>\nlet a = ;\n</script>\n")
    assert made is not None
    assert made.errors == ((3, 3),)


def test_a_mistake_in_an_example_is_not_told() -> None:
    made = outline("a.md", "# A\n\n```js\nlet a = ;\nf(...)\n```\n")
    assert made is not None
    assert made.errors == ()


def test_front_matter_is_read() -> None:
    data = b"---\ntitle: Shop\ntags: [a]\n---\n\n# Shop\n"
    assert _found("a.md", data)[:2] == [("key", "title", 2, 2), ("key", "tags", 3, 3)]


def test_a_page_in_a_fence_gives_its_script() -> None:
    data = b"```html\n<p>x</p>\n<script>\nfunction f() { return g(); }\n</script>\n```\n"
    assert _found("a.md", data) == [("function", "f", 4, 4)]
    assert _used("a.md", data) == [("call", "g", 4)]


def test_many_fences_are_read_one_by_one() -> None:
    fence = "```python\ndef f{}():\n    first = 1\n    return first\n```\n\n"
    text = "".join(fence.format(number) for number in range(500))
    made = outline("a.md", text)
    assert made is not None
    assert made.text.count("    … 2 lines\n") == 500
    assert len(definitions("a.md", text.encode())) == 500


def test_many_unclosed_scripts_are_given_up_quickly() -> None:
    made = outline("a.html", '<p class="' + "<script>" * 100_000)
    assert made is not None
    assert made.kept_lines + made.left_out_lines == 1
