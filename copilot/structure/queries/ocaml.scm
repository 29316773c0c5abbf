(value_specification [(value_name) (parenthesized_operator)] @name type: (function_type)) @definition.function
(value_specification [(value_name) (parenthesized_operator)] @name) @definition.variable
(external [(value_name) (parenthesized_operator)] @name) @definition.function

(type_binding name: (_) @name body: (record_declaration) @body) @definition.struct
(type_binding name: (_) @name body: (variant_declaration) @body) @definition.enum
(type_binding name: (_) @name) @definition.type
(field_declaration (field_name) @name) @definition.field
(constructor_declaration [(constructor_name)] @name) @definition.field
(exception_definition (constructor_declaration (constructor_name) @name)) @definition.type

(module_binding (module_name) @name body: (structure) @body) @definition.module
(module_binding (module_name) @name module_type: (signature) @body !body) @definition.module
(module_binding (module_name) @name) @definition.module
(module_type_definition (module_type_name) @name body: (signature) @body) @definition.interface
(module_type_definition (module_type_name) @name) @definition.interface
(class_binding (class_name) @name body: (object_expression) @body) @definition.class
(class_binding (class_name) @name) @definition.class
(class_type_binding (class_type_name) @name body: (_) @body) @definition.interface
(method_definition (method_name) @name "=" @open body: (_) @body) @definition.method
(method_specification (method_name) @name) @definition.method
(instance_variable_definition (instance_variable_name) @name) @definition.field
(comment) @comment
