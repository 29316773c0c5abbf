; Functions and methods.
(function_declaration name: (_) @name body: (_) @body) @definition.function
(generator_function_declaration name: (_) @name body: (_) @body) @definition.function
(method_definition name: (_) @name body: (_) @body) @definition.method
(export_statement "default" @name value: (function_expression body: (_) @body)) @definition.function
(export_statement "default" @name value: (arrow_function "=>" @open body: (_) @body)) @definition.function

; A function that has its name from what it is put into.
(variable_declarator name: (identifier) @name value: (function_expression body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (generator_function body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (arrow_function "=>" @open body: (_) @body)) @definition.function
(pair key: (_) @name value: (function_expression body: (_) @body)) @definition.method
(pair key: (_) @name value: (arrow_function "=>" @open body: (statement_block) @body)) @definition.method
(assignment_expression left: (_) @name right: (function_expression body: (_) @body)) @definition.function
(assignment_expression left: (_) @name right: (arrow_function "=>" @open body: (_) @body)) @definition.function
(lexical_declaration . (variable_declarator) @inner) @wrapper
(variable_declaration . (variable_declarator) @inner) @wrapper
(export_statement declaration: (_) @inner) @wrapper

; Classes.
(class_declaration name: (_) @name body: (_) @body) @definition.class
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @definition.class
(export_statement "default" @name value: (class body: (_) @body)) @definition.class

; A function without a name: types in its body are its own.
[(arrow_function body: (_) @inside) (function_expression body: (_) @inside)]

; Names of a module.
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (export_statement declaration: [
  (lexical_declaration (variable_declarator name: (identifier) @name))
  (variable_declaration (variable_declarator name: (identifier) @name))]) @definition.variable)

(program (lexical_declaration (variable_declarator value: (_) @value)))
(program (variable_declaration (variable_declarator value: (_) @value)))
(program (export_statement declaration: [
  (lexical_declaration (variable_declarator value: (_) @value))
  (variable_declaration (variable_declarator value: (_) @value))]))
(program (export_statement value: (_) @value))
(program (expression_statement [(call_expression) (await_expression) (unary_expression)]) @value)
(program (expression_statement (assignment_expression right: (_) @value)))
(program [(for_statement) (for_in_statement) (while_statement) (try_statement)] @value)
(comment) @comment
