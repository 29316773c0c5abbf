(mixin_statement (identifier) @name (block) @body) @definition.function
(function_statement (identifier) @name (block) @body) @definition.function
(stylesheet (declaration (property_name) @name (#match? @name "^\\$")) @definition.variable)
(stylesheet (declaration (list_value) @value))
(rule_set (block ((declaration (property_name) @_name) @attribute (#match? @_name "^[$]"))))
[(include_statement) (extend_statement)] @attribute
