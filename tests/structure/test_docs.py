from __future__ import annotations

import pytest

from copilot.structure.definitions import definitions


def _docs(path: str, source: str) -> dict[str, str]:
    return {d.name: d.doc for d in definitions(path, source.encode())}


PYTHON = '''\
"""Of the module."""

# How many.
LIMIT = 3

# Not of the class: a line is between.

@decorate
class A:
    """  What A is.

    More of it.
    """
    # Its size.
    size = 0

    def quoted(self): 'One line.'

    def raw(self):
        r"""
        After a line.
        """

    # Before it.
    def commented(self):
        return """no doc"""

    def bare(self):
        return 1
'''


def test_python() -> None:
    assert _docs("a.py", PYTHON) == {
        "LIMIT": "How many.",
        "A": "What A is.",
        "size": "Its size.",
        "quoted": "One line.",
        "raw": "After a line.",
        "commented": "Before it.",
        "bare": "",
    }


JAVASCRIPT = """\
/**
 * Adds two numbers.
 * @param {number} a
 */
export function add(a, b) { return a + b; }

/** @type {number} */
const LIMIT = 3;

// Says so.
const say = () => 1;

class A {
  /** Draws it. */
  draw() {}

  /**
   * @internal
   * Not for you.
   */
  hide() {}

  // eslint-disable-next-line
  loud() {}
}
"""


@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.tsx"])
def test_javascript_and_typescript(path: str) -> None:
    assert _docs(path, JAVASCRIPT) == {
        "add": "Adds two numbers.",
        "LIMIT": "",
        "say": "Says so.",
        "A": "",
        "draw": "Draws it.",
        "hide": "Not for you.",
        "loud": "",
    }


TYPESCRIPT = """\
/* What a shape is. */
export interface Shape {
  /** Its sides. */
  sides: number;
  /** How large. */
  area(): number;
}

@Component({
  selector: 'app',
})
export class App {
  /** Called first. */
  @HostListener('window:resize', [
    '$event',
  ])
  onResize() {}

  /** Shown on top. */
  @Input() title = '';
  hidden = false;
}

// Which way.
enum Way { Up, Down }
"""


def test_typescript_types_and_decorators() -> None:
    assert _docs("a.ts", TYPESCRIPT) == {
        "Shape": "What a shape is.",
        "sides": "Its sides.",
        "area": "How large.",
        "App": "",
        "onResize": "Called first.",
        "title": "Shown on top.",
        "hidden": "",
        "Way": "Which way.",
        "Up": "",
        "Down": "",
    }


GO = """\
// Package a does things.
package a

// Limit is how many.
const Limit = 3

// Shape is one
// of many.
type Shape struct {
	// Sides counts them.
	Sides int
}

type (
	// Small is little.
	Small int
	// Large is much.
	Large int
)

// Draw draws.
//
//go:noinline
func (s *Shape) Draw() {}

//go:embed x.txt
var text string
"""


def test_go() -> None:
    assert _docs("a.go", GO) == {
        "Limit": "Limit is how many.",
        "Shape": "Shape is one",
        "Sides": "Sides counts them.",
        "Small": "Small is little.",
        "Large": "Large is much.",
        "Draw": "Draw draws.",
        "text": "",
    }


RUST = """\
//! The crate.

/// A shape with `Vec<T>`.
#[derive(
    Debug,
)]
#[must_use]
pub struct Shape {
    /// Its sides.
    #[serde(default)]
    pub sides: u8,
}

impl Shape {
    /** Draws it. */
    fn draw(&self) {}
}

/// ---------
/// Ways.
enum Way {
    /// Up.
    Up,
}
"""


def test_rust() -> None:
    found = definitions("a.rs", RUST.encode())
    assert [(d.kind, d.name, d.doc) for d in found] == [
        ("struct", "Shape", "A shape with `Vec<T>`."),
        ("field", "sides", "Its sides."),
        ("impl", "Shape", ""),
        ("method", "draw", "Draws it."),
        ("enum", "Way", "Ways."),
        ("field", "Up", "Up."),
    ]


JAVA = """\
/** License. */

package a;

/**
 * A shape.
 *
 * @since 1
 */
@Entity
public class Shape {
    /** Its sides. */
    private int sides;

    /** {@inheritDoc} */
    @Override
    public void draw() {}
}
"""


def test_java() -> None:
    assert _docs("A.java", JAVA) == {
        "Shape": "A shape.",
        "sides": "Its sides.",
        "draw": "{@inheritDoc}",
    }


C = """\
/*! \\brief A shape. */
struct shape {
    int sides;
};

/*
** Draws a shape.
*/
static int draw(struct shape *s) { return 0; }

/// Erases it.
int erase(void) { return 1; }
"""


@pytest.mark.parametrize("path", ["a.c", "a.cpp"])
def test_c(path: str) -> None:
    found = _docs(path, C)
    wanted = {"shape": "A shape.", "draw": "Draws a shape.", "erase": "Erases it."}
    assert {name: found[name] for name in wanted} == wanted


def test_a_template_of_cpp() -> None:
    source = "//! Holds one.\ntemplate <class T>\nclass Box {\n  /** Gets it. */\n  T get();\n};\n"
    found = _docs("a.hpp", source)
    assert (found["Box"], found["get"]) == ("Holds one.", "Gets it.")


CSHARP = """\
/// <summary>
/// A shape.
/// </summary>
[Serializable]
public class Shape {
    /// <summary>Draws it.</summary>
    /// <param name="x">Where.</param>
    public void Draw(int x) {}

    /// <inheritdoc/>
    public void Erase() {}
}
"""


def test_csharp() -> None:
    assert _docs("a.cs", CSHARP) == {"Shape": "A shape.", "Draw": "Draws it.", "Erase": ""}


RUBY = """\
# frozen_string_literal: true

# A shape.
# With sides.
class Shape
  # Draws it.
  #
  # @return [void]
  def draw
    1
  end

=begin
Erases it.
=end
  def erase
  end
end
"""


def test_ruby() -> None:
    found = _docs("a.rb", RUBY)
    assert found == {"Shape": "A shape.", "draw": "Draws it.", "erase": "Erases it."}


PHP = """\
<?php

/**
 * A shape.
 */
#[Entity]
final class Shape
{
    /** @var int */
    private int $sides = 0;

    /**
     * Draws it.
     */
    public function draw(): void {}

    # Erases it.
    public function erase(): void {}
}
"""


def test_php() -> None:
    found = _docs("a.php", PHP)
    assert found["Shape"] == "A shape."
    assert (found["draw"], found["erase"]) == ("Draws it.", "Erases it.")


BASH = """\
#!/bin/bash
# Not of the function.

#######################################
# Cleans up.
#######################################
cleanup() {
  rm -f a
}
bare() { :; }
"""


def test_bash() -> None:
    assert _docs("a.sh", BASH) == {"cleanup": "Cleans up.", "bare": ""}


def test_lua_dashes() -> None:
    pytest.importorskip("tree_sitter_language_pack")
    source = "--- Draws it.\n-- @param x\nfunction draw(x)\nend\n"
    assert _docs("a.lua", source) == {"draw": "Draws it."}


def test_elixir_documents_the_function_below() -> None:
    pytest.importorskip("tree_sitter_language_pack")
    for text in ('"Draws it."', '"""\n  Draws it.\n\n  Twice.\n  """'):
        source = f"defmodule A do\n  @doc {text}\n  def draw(x) do\n    x\n  end\nend\n"
        found = _docs("a.ex", source)
        assert (found["A"], found["draw"]) == ("", "Draws it.")


def test_windows_lines_leave_no_trace() -> None:
    assert _docs("a.py", "# One.\r\nx = 1\r\n") == {"x": "One."}
    source = "/**\r\n * Two.\r\n */\r\nfunction f() {}\r\n"
    assert _docs("a.js", source) == {"f": "Two."}
