(class_specifier name: (_) @name body: (_) @body) @definition.class
(namespace_definition name: (_) @name body: (_) @body) @definition.namespace
(template_declaration (_) @inner) @wrapper
(alias_declaration name: (_) @name) @definition.type
(concept_definition name: (_) @name) @definition.type
; `= default` and `= delete`.
(function_definition [(default_method_clause) (delete_method_clause)]) @definition.function
(field_declaration declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name)) @definition.method
(field_declaration declarator: (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))) @definition.method
(field_declaration declarator: (pointer_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))) @definition.method
(declaration_list (declaration declarator: (init_declarator value: (_) @value)))
(declaration_list (declaration declarator: (init_declarator) @definition.variable))
(declaration_list (declaration declarator: (init_declarator) @inner) @wrapper)
