(message (message_name) @name (message_body) @body) @definition.message
(extend (full_ident) @name (message_body) @body) @definition.message
(enum (enum_name) @name (enum_body) @body) @definition.enum
(service (service_name) @name "{" @open "}" @close) @definition.service
(rpc (rpc_name) @name) @definition.method
(field (identifier) @name) @definition.field
(map_field (identifier) @name) @definition.field
(oneof (identifier) @name @open) @definition.oneof
(oneof_field (identifier) @name) @definition.field
(enum_field (identifier) @name) @definition.field
(package (full_ident) @name) @definition.module
(option (constant) @value)
(comment) @comment
