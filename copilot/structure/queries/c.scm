(function_definition body: (_) @body) @definition.function
(declaration declarator: (function_declarator declarator: (identifier) @name)) @definition.function
(declaration declarator: (pointer_declarator declarator: (function_declarator
  declarator: (identifier) @name))) @definition.function

(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.union
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition type: (struct_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.union
(type_definition type: (enum_specifier body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition declarator: (type_identifier) @name) @definition.type
(type_definition declarator: [(function_declarator) (pointer_declarator) (array_declarator)] @definition.type)
(type_definition declarator: (_) @inner) @wrapper
(field_declaration declarator: (_) @definition.field)
(field_declaration declarator: (_) @inner) @wrapper
(enumerator name: (_) @name) @definition.field
(preproc_def name: (_) @name) @definition.constant
(preproc_function_def name: (_) @name) @definition.macro
(translation_unit (declaration declarator: (init_declarator) @definition.variable))
(translation_unit (declaration declarator: (init_declarator) @inner) @wrapper)

(preproc_def value: (_) @value)
(preproc_function_def value: (_) @value)
(translation_unit (declaration declarator: (init_declarator value: (_) @value)))
(translation_unit (_ (declaration declarator: (init_declarator value: (_) @value))))
(comment) @comment
