(apply function: [(variable) @call (constructor) @call (qualified id: (_) @call)])
(infix left_operand: [(variable) @call (qualified id: (_) @call)] operator: (operator) @_apply
  (#any-of? @_apply "$" "<$>" "." "=<<" "$!"))
(infix operator: (infix_id [(variable) @call (qualified id: (_) @call)]))
(name) @type
(import module: (_) @import)
