(message_expression method: (identifier) @call)
(message_expression receiver: (identifier) @type (#match? @type "^[A-Z]"))
(class_interface superclass: (identifier) @type)
(module_import path: (_) @import)
