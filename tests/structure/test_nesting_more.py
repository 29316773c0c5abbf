"""Lists within lists of Clojure, and brackets of Perl that nothing closes."""

from __future__ import annotations

import pytest

from copilot.structure.definitions import definitions
from copilot.structure.grammars import missing_grammar
from copilot.structure.nesting import too_deep
from copilot.structure.outline import outline


def test_lists_that_nest_too_deep_are_kept_whole() -> None:
    if package := missing_grammar("a.clj"):
        pytest.skip(f"needs {package}")
    text = "(defn f [x] " * 20_000 + ")" * 20_000 + "\n"
    made = outline("a.clj", text)
    assert made is not None
    assert made.text == text
    assert definitions("a.clj", text.encode()) == ()


def test_usual_lists_are_not_too_deep() -> None:
    assert not too_deep("clojure", b"(defn f [x] (g (h x)))\n" * 4000)


@pytest.mark.parametrize("line", [b"if ($x =~ /[{(]/) { f($y{a}[0]) }\n", b"=item C<[> (see\n"])
def test_brackets_of_patterns_and_documentation_do_not_add_up(line: bytes) -> None:
    assert not too_deep("perl", line * 500)


@pytest.mark.parametrize("opening", [b'"@{[', b'"$x[', b'"$x->{a}[', b"m{@{[", b'"$$x{'])
def test_strings_within_strings_of_perl_add_up(opening: bytes) -> None:
    assert too_deep("perl", b"$a = " + opening * 80)
