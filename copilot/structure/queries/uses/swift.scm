(call_expression . [(simple_identifier) @call (navigation_expression suffix: (navigation_suffix suffix: (_) @call))])
(constructor_expression constructed_type: (user_type (type_identifier) @call))
(user_type (type_identifier) @type)
(import_declaration (identifier) @import)
