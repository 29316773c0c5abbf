; `(defn name "doc" {:attributes 1} [parameters] body)`: a body goes with the parentheses that
; close it, for they stand on its last line.
(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name)
  . [(str_lit) (map_lit)]? . [(str_lit) (map_lit)]? . (vec_lit) @open
  (#any-of? @_word "defn" "defn-" "defmacro" "definline" "defspec")) @body @definition.function
(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name @open)
  (#any-of? @_word "defn" "defn-" "defmacro" "deftest" "deftest-" "defspec")) @body @definition.function
(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name) . (_) @open . (vec_lit) @open
  (#eq? @_word "defmethod")) @body @definition.function
(list_lit . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name)
  (#any-of? @_word "defmulti")) @definition.function
(list_lit . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name)
  . [(str_lit) (map_lit)]? (list_lit . (vec_lit) @attribute)
  (#any-of? @_word "defn" "defn-" "defmacro"))
(list_lit . (sym_lit name: (_) @_word) . (sym_lit) . (str_lit) @doc
  (#any-of? @_word "ns" "defn" "defn-" "defmacro" "defmulti" "defprotocol"))

(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name @open)
  (#any-of? @_word "defprotocol" "definterface")) @body @definition.interface
(list_lit . (sym_lit name: (_) @_word) . (sym_lit) (list_lit (str_lit) @doc .)
  (#eq? @_word "defprotocol"))
(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name) . (vec_lit) @open
  (#any-of? @_word "defrecord" "deftype")) @body @definition.record
(list_lit "(" @tail . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name @open)
  (#any-of? @_word "extend-type" "extend-protocol")) @body @definition.impl
; A method of one of these.
(list_lit . (sym_lit name: (_) @_word)
  (list_lit "(" @tail . (sym_lit name: (_) @name) . (vec_lit) @open) @body @definition.function
  (#any-of? @_word "defrecord" "deftype" "extend-type" "extend-protocol" "defprotocol"))

(list_lit . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name)
  (#any-of? @_word "def" "defonce")) @definition.variable
(list_lit . (sym_lit name: (_) @_word) . (sym_lit) . (str_lit)? . [(list_lit) (map_lit) (vec_lit) (set_lit)] @value
  (#any-of? @_word "def" "defonce"))
(list_lit . (sym_lit name: (_) @_word) . (sym_lit name: (_) @name)
  (#any-of? @_word "ns" "in-ns")) @definition.module
; Words of a project's own, and statements.
(source (list_lit . (sym_lit name: (_) @_word)
  (#not-match? @_word "^(ns|def|defonce|defn-?|defmacro|defrecord|deftype|defprotocol|extend-.*|do)$")) @value)
(comment) @comment
