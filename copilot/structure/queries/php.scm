(function_definition name: (_) @name body: (_) @body) @definition.function
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name) @definition.method

(class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(trait_declaration name: (_) @name body: (_) @body) @definition.trait
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(namespace_definition name: (_) @name) @definition.namespace
(enum_case name: (_) @name) @definition.field
(property_declaration (property_element name: (_) @name)) @definition.field
(const_declaration (const_element (name) @name)) @definition.constant
(property_hook (name) @name body: (compound_statement) @body) @definition.property

(property_declaration (property_element default_value: (_) @value))
(const_declaration (const_element (_) @value .))
(program (expression_statement (assignment_expression right: (_) @value)))
(program (expression_statement) @value)
(program (return_statement) @value)
(program [(foreach_statement) (while_statement) (for_statement) (if_statement) (try_statement)] @value)
(program (text) @value)
(comment) @comment
