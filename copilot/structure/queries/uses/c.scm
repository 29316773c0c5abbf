(call_expression function: [(identifier) @call (field_expression field: (_) @call)])
(type_identifier) @type
(preproc_include path: (_) @import)
