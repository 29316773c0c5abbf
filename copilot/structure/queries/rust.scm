(function_item name: (_) @name body: (_) @body) @definition.function
(function_signature_item name: (_) @name) @definition.function
(macro_definition name: (_) @name ["{" "(" "["] @open ["}" ")" "]"] @close) @definition.macro

(struct_item name: (_) @name body: (field_declaration_list) @body) @definition.struct
(struct_item name: (_) @name) @definition.struct
(union_item name: (_) @name body: (_) @body) @definition.union
(enum_item name: (_) @name body: (_) @body) @definition.enum
(trait_item name: (_) @name body: (_) @body) @definition.trait
(impl_item type: (_) @name body: (_) @body) @definition.impl
(mod_item name: (_) @name) @definition.module
(type_item name: (_) @name) @definition.type
(associated_type name: (_) @name) @definition.type
(const_item name: (_) @name) @definition.constant
(static_item name: (_) @name) @definition.constant
(field_declaration name: (_) @name) @definition.field
(enum_variant name: (_) @name) @definition.field

; An attribute of a function inside a function.
(block (attribute_item) @attribute . [(function_item) (struct_item) (enum_item) (impl_item)])

; A type without members in the block of a constant.
(const_item value: (block (struct_item) @attribute))

(const_item value: (_) @value)
(static_item value: (_) @value)
(source_file (macro_invocation) @value)
(source_file (expression_statement (macro_invocation)) @value)
[(line_comment) (block_comment)] @comment
