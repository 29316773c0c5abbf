(function_definition (signature [
  (identifier) @name
  (call_expression . (_) @name)
  (typed_expression . (call_expression . (_) @name))
  (where_expression . (call_expression . (_) @name))
  (where_expression . (typed_expression . (call_expression . (_) @name)))]) @open "end" @close) @definition.function
(macro_definition (signature (call_expression . (_) @name)) @open "end" @close) @definition.macro
(assignment . (call_expression . (_) @name)) @definition.function
(struct_definition (type_head) @name @open "end" @close) @definition.struct
(abstract_definition (type_head) @name) @definition.type
(module_definition name: (_) @name) @definition.module
(const_statement (assignment . (identifier) @name)) @definition.constant
(const_statement (assignment (operator) . (_) @value))
(source_file (macrocall_expression) @value)
(module_definition (block (macrocall_expression) @value))
[(line_comment) (block_comment)] @comment
