(call_expression . [(simple_identifier) @call (navigation_expression (navigation_suffix (simple_identifier) @call) .)])
(constructor_invocation (user_type (type_identifier) @call))
(user_type (type_identifier) @type)
(import_header (identifier) @import)
