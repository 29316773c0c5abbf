(call_expression function: [(qualified_identifier name: (_) @call) (template_function name: (_) @call)])
