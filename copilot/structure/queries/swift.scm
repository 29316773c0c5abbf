(function_declaration name: (simple_identifier) @name body: (_) @body) @definition.function
(init_declaration "init" @name body: (_) @body) @definition.constructor
(deinit_declaration "deinit" @name body: (_) @body) @definition.method
(property_declaration name: (pattern bound_identifier: (_) @name)
  computed_value: (computed_property) @body) @definition.property
(class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @definition.field)
(source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @definition.variable)
(subscript_declaration "subscript" @name (computed_property) @body) @definition.property
(class_declaration name: (_) @name body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(protocol_function_declaration name: (simple_identifier) @name) @definition.method
(typealias_declaration name: (_) @name) @definition.type
[(comment) (multiline_comment)] @comment
