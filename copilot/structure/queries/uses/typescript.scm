(type_identifier) @type
(extends_clause value: [(identifier) @type (member_expression property: (_) @type)])
(import_require_clause source: (string (_) @import))
