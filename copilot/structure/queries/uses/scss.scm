(use_statement (string_value) @import)
(forward_statement (string_value) @import)
(include_statement (identifier) @call)
