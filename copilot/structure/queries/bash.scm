(function_definition name: (_) @name body: (compound_statement) @body) @definition.function
(function_definition name: (_) @name body: (subshell) @body) @definition.function
(function_definition name: (_) @name body: (_) @body) @definition.function

(program (variable_assignment name: (_) @name) @definition.variable)
(program (declaration_command (variable_assignment name: (_) @name)) @definition.variable)
(program (variable_assignment value: (_) @value))
(program (declaration_command (variable_assignment value: (_) @value)))
(program [
  (command) (pipeline) (redirected_statement) (compound_statement) (subshell) (if_statement)
  (case_statement) (for_statement) (c_style_for_statement) (while_statement)] @value)
(comment) @comment
