(table . "[" . (_) @name . "]" @open) @definition.table
(table_array_element . "[[" . (_) @name . "]]" @open) @definition.table
(document (pair . (_) @name "=" @open) @definition.key)
(table (pair . (_) @name "=" @open) @definition.key)
(table_array_element (pair . (_) @name "=" @open) @definition.key)

(array . (_) @sample) @data
(pair (string) @data)
(comment) @comment
