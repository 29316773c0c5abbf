((identifier) @call . (selector (argument_part)))
((selector [
  (unconditional_assignable_selector (identifier) @call)
  (conditional_assignable_selector (identifier) @call)]) . (selector (argument_part)))
(new_expression (type_identifier) @call)
(const_object_expression (type_identifier) @call)
(annotation name: (_) @call)
(type_identifier) @type
(uri (string_literal) @import)
