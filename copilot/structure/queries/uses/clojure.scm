(list_lit . (sym_lit name: (_) @call) (#match? @call "[A-Za-z]")
  (#not-match? @call "^(ns|def.*|let.*|if.*|when.*|do|fn|loop|recur|cond.*|case|for|quote)$"))
(list_lit . (sym_lit name: (_) @_word) (list_lit . (sym_lit name: (_) @none) . (vec_lit))
  (#any-of? @_word "defprotocol" "defrecord" "deftype" "extend-type" "extend-protocol" "reify"))
(list_lit . (sym_lit name: (_) @_word) . (sym_lit) . (vec_lit) (sym_lit) @type
  (#any-of? @_word "defrecord" "deftype"))
(list_lit . (kwd_lit name: (_) @_use) [
    (sym_lit) @import (vec_lit . (sym_lit) @import) (list_lit . (sym_lit name: (_) @none) @import)]
  (#any-of? @_use "require" "require-macros" "use" "import"))
