(function_call name: [
  (identifier) @call (dot_index_expression field: (_) @call) (method_index_expression method: (_) @call)])
(function_call name: (identifier) @_require arguments: (arguments . (string content: (_) @import))
  (#any-of? @_require "require" "dofile" "loadfile"))
