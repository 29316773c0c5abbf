(message_or_enum_type) @type
(extend (full_ident) @type)
(import path: (_) @import)
