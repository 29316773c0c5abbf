; What TypeScript's grammar calls otherwise.
(field_definition property: (_) @name value: (arrow_function "=>" @open body: (_) @body)) @definition.method
(field_definition property: (_) @name value: (function_expression body: (_) @body)) @definition.method
(field_definition property: (_) @name) @definition.field
(field_definition value: (_) @value)
