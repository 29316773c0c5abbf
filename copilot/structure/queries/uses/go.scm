(call_expression function: [(identifier) @call (selector_expression field: (_) @call)])
(type_identifier) @type
(import_spec path: (_ (_) @import))
