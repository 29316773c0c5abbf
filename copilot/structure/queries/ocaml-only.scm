; Values of a module; those in a `let … in` are part of a body.
(compilation_unit (value_definition
  (let_binding pattern: (_) @name . (parameter) "=" @open body: (_) @body) @definition.function))
(structure (value_definition
  (let_binding pattern: (_) @name . (parameter) "=" @open body: (_) @body) @definition.function))
(compilation_unit (value_definition
  (let_binding pattern: (_) @name "=" @open body: [(fun_expression) (function_expression)] @body) @definition.function))
(structure (value_definition
  (let_binding pattern: (_) @name "=" @open body: [(fun_expression) (function_expression)] @body) @definition.function))
(compilation_unit (value_definition (let_binding pattern: [(value_name) (parenthesized_operator)] @name) @definition.variable))
(structure (value_definition (let_binding pattern: [(value_name) (parenthesized_operator)] @name) @definition.variable))
(value_definition . "let" . "rec"? . (let_binding) @inner) @wrapper
(compilation_unit (value_definition (let_binding pattern: (_) . type: (_)? . body: (_) @value)))
(structure (value_definition (let_binding pattern: (_) . type: (_)? . body: (_) @value)))
