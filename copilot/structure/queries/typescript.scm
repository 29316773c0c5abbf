(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (_) @name body: (_) @body) @definition.namespace
(module name: (_) @name body: (_) @body) @definition.module
(ambient_declaration (_) @inner) @wrapper
(program [
  (ambient_declaration [
    (lexical_declaration (variable_declarator name: (identifier) @name))
    (variable_declaration (variable_declarator name: (identifier) @name))])
  (export_statement declaration: (ambient_declaration [
    (lexical_declaration (variable_declarator name: (identifier) @name))
    (variable_declaration (variable_declarator name: (identifier) @name))]))
] @definition.variable)

; A type written inside of a value.
(object_type) @type

; Signatures without a body: overloads, abstract members, declarations.
(function_signature name: (_) @name) @definition.function
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method

(public_field_definition name: (_) @name value: (arrow_function "=>" @open body: (_) @body)) @definition.method
(public_field_definition name: (_) @name value: (function_expression body: (_) @body)) @definition.method
(public_field_definition name: (_) @name) @definition.field
(public_field_definition value: (_) @value)
(property_signature name: (_) @name) @definition.field
(enum_assignment name: (_) @name) @definition.field
(enum_body name: (_) @name @definition.field)
