from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot.edits.elision import new_elisions


def _elisions(path: str, text: str, old: str = "") -> list[str]:
    return new_elisions(path, old.split("\n"), text.split("\n"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "# ... existing code ..."),
        ("Makefile", "# ... existing code ..."),
        (".gitignore", "..."),
        ("a.ts", "// ... existing code ..."),
        ("a.js", "// rest of the file unchanged"),
        ("a.c", "/* unchanged */"),
        ("a.html", "<!-- … -->"),
        ("a.html", "<!-- ... -->"),
        ("a.md", "<!-- rest of the document unchanged -->"),
        ("a.sql", "-- remaining code"),
        ("a.py", "# same as before"),
        ("a.py", "    # ... rest of the function"),
        ("a.go", "\t// ..."),
        ("a.js", "  // ... (unchanged)"),
        ("a.tsx", "      {/* ... existing JSX code ... */}"),
        ("a.tsx", "{/* rest of the component */}"),
        ("a.py", "x = 1\n...\ny = 2"),
        ("a.js", "..."),
        ("a.c", "… 12 lines"),
        ("a.py", "    … 1 line"),
        ("a.py", "# (rest of the class remains the same)"),
        ("a.py", "# The rest of the code is unchanged."),
        ("a.py", "# Rest of your code here"),
        ("a.rs", "fn main() { ... }"),
        ("a.ts", "function a() { /* ... */ }"),
        ("a.ts", "  foo() { /* ... existing code ... */ }"),
        ("a.py", "def f():  # ... unchanged"),
        ("a.md", "... rest of the document unchanged ..."),
        ("a.md", "[rest of the file remains unchanged]"),
        ("a.txt", "(rest of the document stays the same)"),
        ("a.py", "# ... other methods ..."),
        ("a.py", "# ... (other methods remain unchanged)"),
        ("a.java", "// ... other methods"),
        ("a.lua", "-- ... rest of the code"),
        ("a.tex", "% ... rest of document unchanged ..."),
        ("a.el", ";; ... existing code"),
        ("a.py", "# [... rest of the code ...]"),
        ("a.py", "# code omitted for brevity"),
        ("a.py", "# ... omitted for brevity ..."),
        ("a.py", "# keep existing code"),
        ("a.css", "/* ... rest of the styles ... */"),
        ("a.css", "/* existing code here */"),
        ("a.json", "  ..."),
        ("a.js", "// remaining code unchanged"),
        ("a.py", "# ... more tests ..."),
        ("a.py", "def f():\n    ...\n    return x"),
        ("a.py", "# imports unchanged"),
        ("a.ts", "... existing code ..."),
        ("a.py", "# ...existing code..."),
        ("a.py", "#..."),
        ("a.go", "// … existing code …"),
        ("a.vue", "<!-- ... existing template ... -->"),
        ("a.py", "# Unchanged"),
        ("a.js", "// No changes here"),
    ],
)
def test_a_mark_for_left_out_text_is_seen(path: str, text: str) -> None:
    assert _elisions(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "def f(self) -> int: ..."),
        ("docs/README", "..."),
        ("LICENSE", "..."),
        ("a.py", "class E(Exception):\n    ..."),
        ("a.py", "    def f(self):\n        ...\n\n    def g(self):\n        ..."),
        ("a.py", "    ..."),
        ("a.pyi", "..."),
        ("a.py", 'def f():\n    """Doc."""\n    ...'),
        ("a.py", "x: tuple[int, ...] = ()"),
        ("a.py", "a[..., 0]"),
        ("a.js", "const a = { ...rest };"),
        ("a.js", "  ...props,"),
        ("a.js", "  ...existing,"),
        ("a.js", "  ...unchanged,"),
        ("a.js", "...remaining"),
        ("a.js", "f(...args)"),
        ("a.ts", "  ...existingCode,"),
        ("a.c", "int printf(const char *f, ...);"),
        ("a.c", "          ...);"),
        ("a.cpp", "catch (...) {"),
        ("a.go", "func f(xs ...int) {"),
        ("a.rs", "    ..Default::default()"),
        ("a.rb", "(1...10).each"),
        ("a.swift", "for i in 0...5 {"),
        ("a.py", 'print("Loading...")'),
        ("a.py", "# Wait for it..."),
        ("a.py", "# ...but only if it is there"),
        ("a.py", "# TODO: handle the rest..."),
        ("a.py", "# The rest of the arguments are passed on"),
        ("a.py", "# unchanged lines are skipped"),
        ("a.py", "# existing users keep their names"),
        ("a.py", "# same as before, but sorted"),
        ("a.py", "x = 0  # unchanged"),
        ("a.py", "# existing files"),
        ("a.py", "# Remaining arguments"),
        ("a.md", "# Remaining code"),
        ("a.md", "## Rest of the file"),
        ("a.md", "And so on..."),
        ("a.md", "..."),
        ("a.txt", "..."),
        ("a.yaml", "..."),
        ("a.pl", "sub f { ... }"),
        ("a.py", "s = '''\n...\n'''"),
        ("a.py", '"""\nExample:\n\n...\n"""'),
        ("a.py", ">>> f(\n... x)"),
        ("a.js", "// https://example.com/..."),
        ("a.js", "const url = 'http://...';"),
        ("a.py", "# e.g. f(a, b, ...)"),
        ("a.py", "raise ValueError('...')"),
        ("a.sh", "echo 'Installing ...'"),
        ("a.js", "type T = {...};"),
        ("a.php", "function f(...$args) {"),
        ("a.kt", "// see the rest of the protocol in RFC 1"),
        ("a.py", "# rest of the settings"),
        ("a.py", "f(\n    a,\n    ...\n)"),
        ("a.java", 'log.info("...");'),
        ("a.py", "# Keep the existing order"),
        ("a.py", "# original code"),
        ("a.py", "x = ...\n"),
        ("a.py", "    return ...\n"),
        ("a.ts", "declare function f(...a: any[]): void;"),
        ("a.cpp", "template <typename... Args>"),
        ("a.cpp", "(args + ...);"),
        ("a.md", "* ..."),
        ("a.js", " * ..."),
        (
            "a.py",
            "@overload\ndef f(x: int) -> int:\n    ...\n@overload\ndef f(x: str) -> str:\n    ...",
        ),
        ("a.py", "class P(Protocol):\n    # nothing\n    ...\n"),
        ("a.md", "`...` is an Ellipsis"),
        ("a.rst", "..."),
        ("a.el", ";; Other functions"),
        ("a.py", "# The other methods"),
        ("a.py", "# 1, 2, ..., n"),
        ("a.sql", "-- more rows"),
        ("a.py", "#!/usr/bin/env python"),
        ("a.c", "/* Rest of the arguments. */"),
        ("a.js", "// the remaining items are sorted"),
        ("a.css", "/* Body */"),
        ("a.py", "# code"),
        ("a.py", "# Imports"),
        ("a.js", "/* existing users */"),
        ("a.py", "# here"),
        ("a.py", "# the same"),
        ("a.c", "#include <a.h>"),
        ("a.c", "#define F(...) g(__VA_ARGS__)"),
        ("a.py", "# same as above"),
    ],
)
def test_what_only_looks_alike_is_left_alone(path: str, text: str) -> None:
    assert _elisions(path, text) == []


def test_a_mark_may_stand_as_often_as_before() -> None:
    mark = "# ... existing code ..."
    assert _elisions("a.py", f"    {mark}\nx", f"{mark}\ny") == []
    assert _elisions("a.py", f"{mark}\n{mark}", mark) == [mark]


@given(
    st.lists(st.sampled_from(["...", "# ", "rest of ", "the code", "\n", '"""', "(", "/*", "x"]))
)
def test_the_old_text_itself_holds_nothing_new(parts: list[str]) -> None:
    text = "".join(parts)
    for path in ("a.py", "a.md", "a.js"):
        assert _elisions(path, text, text) == []
