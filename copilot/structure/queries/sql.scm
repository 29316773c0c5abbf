(create_table (object_reference) @name (column_definitions) @body) @definition.table
(create_table (object_reference) @name) @definition.table
(column_definitions (column_definition name: (_) @name) @definition.column)
(create_view (object_reference) @name) @definition.view
(create_materialized_view (object_reference) @name) @definition.view
[(create_view (create_query) @value) (create_materialized_view (create_query) @value)]
(create_function (keyword_function) . (object_reference) @name (function_body) @body) @definition.function
(create_function (keyword_function) . (object_reference) @name
  (function_body (dollar_quote) @open (dollar_quote) @close .) @body) @definition.function
(create_index column: (_) @name) @definition.index
(create_type (object_reference) @name) @definition.type
(create_trigger (keyword_trigger) . (object_reference) @name) @definition.trigger
(create_sequence (object_reference) @name) @definition.sequence
(create_schema (identifier) @name) @definition.schema
(insert) @value
; Rows of one table, each in a statement of its own.
((statement (insert (object_reference) @_table)) . (statement (insert (object_reference) @_next)) @rest
  (#eq? @_table @_next))
(statement [(select) (update) (delete)]) @value
(comment) @comment
(marginalia) @comment
