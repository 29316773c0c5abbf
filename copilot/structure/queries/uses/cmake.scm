(normal_command (identifier) @call)
(normal_command (identifier) @_word (argument_list . (argument) @import)
  (#match? @_word "^(?i:include|find_package|add_subdirectory)$"))
