(function_declaration name: (_) @name parameters: (_) @open "end" @close) @definition.function
(assignment_statement (variable_list . name: (_) @name)
  (expression_list . value: (function_definition parameters: (_) @open "end" @close))) @definition.function
(field name: (_) @name value: (function_definition parameters: (_) @open "end" @close)) @definition.function
(chunk (variable_declaration (assignment_statement (expression_list value: (_) @value))))
(chunk (assignment_statement (expression_list value: (_) @value)))
(chunk (function_call) @value)
(comment) @comment
