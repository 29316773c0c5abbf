(call target: [(identifier) @call (dot right: (identifier) @call)]
  (#not-match? @call "^(def[a-z]*|use|alias|import|require)$"))
(call target: (identifier) @_word (arguments . [
    (call target: (identifier) @none)
    (binary_operator left: (call target: (identifier) @none))])
  (#match? @_word "^def"))
(unary_operator operator: "@" operand: (call target: (identifier) @none))
(call target: (dot left: (alias) @type))
(struct (alias) @type)
(call target: (identifier) @_word (arguments . [(alias) (dot)] @import)
  (#any-of? @_word "use" "alias" "import" "require"))
