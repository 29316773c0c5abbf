(function_declaration name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: [
    (type_identifier) @parent
    (generic_type type: (_) @parent)
    (pointer_type [(type_identifier) @parent (generic_type type: (_) @parent)])]))
  name: (_) @name body: (_)? @body) @definition.method
(method_declaration name: (_) @name body: (_)? @body) @definition.method

(type_declaration . (type_spec) @inner .) @wrapper
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (_) @name type: (interface_type) @body) @definition.interface
(type_spec name: (_) @name) @definition.type
(type_alias name: (_) @name) @definition.type
(method_elem name: (_) @name) @definition.method
(field_declaration name: (_) @name) @definition.field
(field_declaration !name type: [
  (type_identifier) @name
  (qualified_type name: (_) @name)
  (generic_type type: [(type_identifier) @name (qualified_type name: (_) @name)])]) @definition.field

(source_file (const_declaration (const_spec (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (_) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @name) @definition.variable)))

; A type written inside of a table of values.
[(struct_type) (interface_type)] @type
(func_literal body: (_) @inside)

; A function in a variable of the package: its body may go, a table of values too.
(source_file (var_declaration (var_spec name: (_) @name value: (expression_list
  . (func_literal body: (_) @body) .)) @definition.function))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @name value: (expression_list
  . (func_literal body: (_) @body) .)) @definition.function)))
(source_file (var_declaration (var_spec value: (_) @value)))
(source_file (var_declaration (var_spec_list (var_spec value: (_) @value))))
(comment) @comment
