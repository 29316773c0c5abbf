; A module that is named where it is used is imported there.
(type_constructor_path (type_constructor) @type)
(type_constructor_path (extended_module_path) @import)
(module_type_path (module_type_name) @type)
(open_module module: (_) @import)
(include_module module: (_) @import)
