(object_type_definition (name) @name (fields_definition) @body) @definition.class
(object_type_definition (name) @name) @definition.class
(object_type_extension (name) @name (fields_definition) @body) @definition.class
(object_type_extension (name) @name) @definition.class
(interface_type_definition (name) @name (fields_definition) @body) @definition.interface
(interface_type_definition (name) @name) @definition.interface
(input_object_type_definition (name) @name (input_fields_definition) @body) @definition.struct
(enum_type_definition (name) @name (enum_values_definition) @body) @definition.enum
(union_type_definition (name) @name) @definition.union
(scalar_type_definition (name) @name) @definition.type
(directive_definition (name) @name) @definition.directive
(operation_definition (name) @name (selection_set) @body) @definition.operation
(fragment_definition (fragment_name) @name (selection_set) @body) @definition.fragment
(field_definition (name) @name) @definition.field
(input_fields_definition (input_value_definition (name) @name) @definition.field)
(enum_value_definition (enum_value) @name) @definition.field
(operation_definition (selection_set) @value)
(fragment_definition (selection_set) @value)
(description (string_value) @doc)
(comment) @comment
