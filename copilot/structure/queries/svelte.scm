(snippet_start_expr (snippet_name) @name) @definition.function
[(snippet_start_expr) (snippet_end_expr)] @attribute
