((method_signature (function_signature name: (_) @name)) @definition.method . (function_body (block) @body))
((method_signature (function_signature name: (_) @name)) @definition.method . (function_body "=>" @open) @body)
((method_signature (getter_signature name: (_) @name)) @definition.method . (function_body (block) @body))
((method_signature (setter_signature name: (_) @name)) @definition.method . (function_body (block) @body))
((method_signature (constructor_signature . name: (_) @name)) @definition.constructor . (function_body (block) @body))
((method_signature (factory_constructor_signature . (_) @name)) @definition.constructor . (function_body (block) @body))
(program (function_signature name: (_) @name) @definition.function . (function_body (block) @body))
(program (function_signature name: (_) @name) @definition.function . (function_body "=>" @open) @body)
(local_function_declaration (lambda_expression
  parameters: (function_signature name: (_) @name) body: (function_body (block) @body))) @definition.function
(class_definition name: (_) @name body: (_) @body) @definition.class
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(mixin_declaration (identifier) @name (class_body) @body) @definition.class
(extension_declaration name: (_) @name body: (_) @body) @definition.class
(initialized_identifier . (identifier) @name) @definition.field
(static_final_declaration . (identifier) @name) @definition.field
[(comment) (documentation_comment)] @comment
