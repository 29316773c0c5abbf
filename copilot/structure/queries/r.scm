(binary_operator lhs: (_) @name rhs: (function_definition body: (braced_expression) @body)) @definition.function
(binary_operator lhs: (_) @name rhs: (function_definition)) @definition.function
(program (binary_operator rhs: (_) @value))
(program (call) @value)
(comment) @comment
