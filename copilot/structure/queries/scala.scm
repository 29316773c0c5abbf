(function_definition name: (_) @name "=" @open body: (_) @body) @definition.function
(function_definition name: (_) @name body: (block "{") @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(class_definition name: (_) @name body: (_) @body) @definition.class
(class_definition name: (_) @name) @definition.class
(object_definition name: (_) @name body: (_) @body) @definition.class
(trait_definition name: (_) @name body: (_) @body) @definition.trait
(trait_definition name: (_) @name) @definition.trait
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(type_definition name: (_) @name) @definition.type
(template_body (val_definition pattern: (identifier) @name) @definition.field)
(template_body (var_definition pattern: (identifier) @name) @definition.field)
(template_body (val_definition value: (_) @value))
[(comment) (block_comment)] @comment
