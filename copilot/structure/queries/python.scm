; Functions and classes, wherever they stand.
(function_definition name: (identifier) @name ":" @open body: (block) @body) @definition.function
(class_definition name: (identifier) @name ":" @open body: (block) @body) @definition.class
(decorated_definition definition: (_) @inner) @wrapper

; Names of a module or a class.
(module (expression_statement (assignment
  left: [(identifier) @name (pattern_list (identifier) @name)])) @definition.variable)
(module (expression_statement (assignment right: (assignment
  left: (identifier) @name))) @definition.variable)
(module (expression_statement (assignment right: (assignment right: (assignment
  left: (identifier) @name)))) @definition.variable)
(class_definition body: (block (expression_statement (assignment
  left: [(identifier) @name (pattern_list (identifier) @name)])) @definition.field))
(class_definition body: (block (expression_statement (assignment right: (assignment
  left: (identifier) @name))) @definition.field))
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)])) @definition.type

(module (expression_statement (assignment right: (_) @value)))
(class_definition body: (block (expression_statement (assignment right: (_) @value))))
(module (expression_statement (augmented_assignment right: (_) @value)))
(module (expression_statement (call)) @value)
(module (for_statement) @value)
(module (while_statement) @value)
(module (if_statement consequence: (block (expression_statement) @value)))

(module . (comment)* . (expression_statement (string) @doc))
(class_definition body: (block . (comment)* . (expression_statement (string) @doc)))
(function_definition body: (block . (comment)* . (expression_statement (string) @doc)))
(comment) @comment
