(method_invocation name: (_) @call)
(object_creation_expression type: [(type_identifier) @call (generic_type . (type_identifier) @call)])
(annotation name: (_) @call)
(marker_annotation name: (_) @call)
(type_identifier) @type
(import_declaration (_) @import)
