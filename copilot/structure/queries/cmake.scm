(function_def (function_command (argument_list . (argument) @name) ")" @open) (body) @body) @definition.function
(macro_def (macro_command (argument_list . (argument) @name) ")" @open) (body) @body) @definition.macro
(normal_command (identifier) @_word (argument_list . (argument) @name)
  (#match? @_word "^(?i:add_executable|add_library|add_custom_target)$")) @definition.target
(normal_command (identifier) @_word (argument_list . (argument) @name)
  (#match? @_word "^(?i:option|cmake_dependent_option)$")) @definition.option
(normal_command (identifier) @_word (argument_list . (argument) @name)
  (#match? @_word "^(?i:project)$")) @definition.project
(source_file (normal_command (identifier) @_word (argument_list . (argument) @name)
  (#match? @_word "^(?i:set)$")) @definition.variable)

(normal_command) @value
[(line_comment) (bracket_comment)] @comment
