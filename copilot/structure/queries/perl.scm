(subroutine_declaration_statement name: (_) @name body: (_) @body) @definition.function
(package_statement name: (_) @name) @definition.module
(source_file (expression_statement) @value)
[(comment) (pod)] @comment
