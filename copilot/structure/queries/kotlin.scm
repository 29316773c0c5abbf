(function_declaration (simple_identifier) @name (function_body "=" @open) @body) @definition.function
(function_declaration (simple_identifier) @name (function_body "{") @body) @definition.function
(function_declaration (simple_identifier) @name) @definition.function
(secondary_constructor "constructor" @name "{" @open "}" @close) @definition.constructor
(anonymous_initializer "init" @name "{" @open "}" @close) @definition.method
(class_declaration (type_identifier) @name [(class_body) (enum_class_body)] @body) @definition.class
(class_declaration (type_identifier) @name) @definition.class
(object_declaration (type_identifier) @name (class_body) @body) @definition.class
(companion_object "companion" @name (class_body) @body) @definition.class
(type_alias (type_identifier) @name) @definition.type
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @definition.variable)
(class_body (property_declaration (variable_declaration (simple_identifier) @name)) @definition.field)
(getter (function_body "{") @value)
(enum_entry (simple_identifier) @name) @definition.field
[(line_comment) (multiline_comment)] @comment
