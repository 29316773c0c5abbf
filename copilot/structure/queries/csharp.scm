(method_declaration name: (_) @name body: (block) @body) @definition.method
(method_declaration name: (_) @name body: (arrow_expression_clause "=>" @open) @body) @definition.method
(method_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name body: (block) @body) @definition.constructor
(constructor_declaration name: (_) @name body: (arrow_expression_clause "=>" @open) @body) @definition.constructor
(destructor_declaration "~" @name body: (block) @body) @definition.method
(operator_declaration "operator" @name body: (block) @body) @definition.method
(operator_declaration "operator" @name body: (arrow_expression_clause "=>" @open) @body) @definition.method
(conversion_operator_declaration "operator" @name body: (block) @body) @definition.method
(conversion_operator_declaration "operator" @name body: (arrow_expression_clause "=>" @open) @body) @definition.method
(local_function_statement name: (_) @name body: (block) @body) @definition.function
(local_function_statement name: (_) @name body: (arrow_expression_clause "=>" @open) @body) @definition.function

; A property keeps its accessors' heads; what they do may go.
(property_declaration name: (_) @name) @definition.field
(property_declaration name: (_) @name value: (arrow_expression_clause "=>" @open) @body) @definition.property
(indexer_declaration "this" @name value: (arrow_expression_clause "=>" @open) @body) @definition.property
(indexer_declaration "this" @name) @definition.field
(event_declaration name: (_) @name) @definition.field
(accessor_declaration name: _ @name body: (block) @body) @definition.property
(accessor_declaration name: _ @name body: (arrow_expression_clause "=>" @open) @body) @definition.property

(class_declaration name: (_) @name body: (_) @body) @definition.class
(struct_declaration name: (_) @name body: (_) @body) @definition.struct
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(record_declaration name: (_) @name body: (_) @body) @definition.record
(record_declaration name: (_) @name) @definition.record
(delegate_declaration name: (_) @name) @definition.type
(namespace_declaration name: (_) @name body: (_) @body) @definition.namespace
(file_scoped_namespace_declaration name: (_) @name) @definition.namespace
(enum_member_declaration name: (_) @name) @definition.field
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.field
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.field

(field_declaration (variable_declaration (variable_declarator (_) @value .)))
(property_declaration value: (_) @value)
(global_statement (_) @value)
(comment) @comment
