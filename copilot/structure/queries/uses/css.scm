(import_statement [(string_value) @import (call_expression (arguments [(string_value) (plain_value)] @import))])
(call_expression (function_name) @_var (arguments . (plain_value) @call) (#eq? @_var "var"))
