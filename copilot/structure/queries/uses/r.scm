; A package that is named where it is used is imported there.
(call function: [
  (identifier) @call (namespace_operator rhs: (_) @call) (extract_operator rhs: (identifier) @call)])
(namespace_operator lhs: (_) @import)
(call function: (identifier) @_library
  arguments: (arguments . (argument value: [(identifier) @import (string content: (_) @import)]))
  (#any-of? @_library "library" "require" "requireNamespace" "loadNamespace" "source"))
