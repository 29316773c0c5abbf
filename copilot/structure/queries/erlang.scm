(function_clause name: (_) @name body: (clause_body "->" @open) @body) @definition.function
(module_attribute name: (_) @name) @definition.module
(record_decl name: (_) @name "{" @open "}" @close) @definition.record
(record_decl fields: (record_field name: (_) @name) @definition.field)
(type_alias name: (type_name name: (_) @name)) @definition.type
(opaque name: (type_name name: (_) @name)) @definition.type
(nominal name: (type_name name: (_) @name)) @definition.type
(callback fun: (_) @name) @definition.function
(pp_define lhs: (macro_lhs name: (_) @name)) @definition.macro
(pp_define replacement: (_) @value)
(comment) @comment
