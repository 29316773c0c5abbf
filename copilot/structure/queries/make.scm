; Targets; `.PHONY` and its like are orders to make, not targets.
(rule (targets (_) @name) (recipe) @body (#not-match? @name "^\\.[A-Z_]+$")) @definition.target
(rule (targets (_) @name) (#not-match? @name "^\\.[A-Z_]+$")) @definition.target
(define_directive name: (_) @name @open value: (_) @body "endef" @close) @definition.macro
(define_directive name: (_) @name) @definition.macro
(variable_assignment name: (_) @name) @definition.variable

(variable_assignment value: (_) @value)
(makefile (function_call) @value)
(comment) @comment
