(call_expression function: [
  (identifier) @call (field_expression field: (identifier) @call)
  (generic_function function: [(identifier) @call (field_expression field: (identifier) @call)])])
(instance_expression [(type_identifier) @call (generic_type . (type_identifier) @call)])
(annotation name: (type_identifier) @call)
(type_identifier) @type
(import_declaration) @import
