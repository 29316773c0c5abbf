(call target: (identifier) @_word (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: (call target: (identifier) @name))])
  (do_block "do" @open "end" @close)
  (#any-of? @_word "def" "defp" "defmacro" "defmacrop")) @definition.function
(call target: (identifier) @_word (arguments . [
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: (call target: (identifier) @name))])
  (#any-of? @_word "def" "defp" "defmacro" "defmacrop" "defguard" "defdelegate")) @definition.function
(call target: (identifier) @_word (arguments . (alias) @name) (do_block)
  (#any-of? @_word "defmodule" "defprotocol" "defimpl")) @definition.module
(call target: (identifier) @_word (arguments . (string (quoted_content) @name))
  (do_block "do" @open "end" @close) (#any-of? @_word "test" "property")) @definition.function
; `@doc` and `@moduledoc` keep their first line with a word.
(unary_operator operand: (call target: (identifier) @_word (arguments . (string (quoted_content) @doc)))
  (#any-of? @_word "doc" "moduledoc" "typedoc"))
(comment) @comment
