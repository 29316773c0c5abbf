; `var.zones` names zones, `aws_instance.web.id` web, `data.aws_ami.ubuntu.id` ubuntu.
(function_call . (identifier) @call)
(_ (variable_expr (identifier) @_kind) . (get_attr (identifier) @type) (#not-eq? @_kind "data"))
(_ (variable_expr (identifier) @_kind) . (get_attr) . (get_attr (identifier) @type) (#eq? @_kind "data"))
(block . (identifier) @_module
  (body (attribute (identifier) @_source (expression (literal_value (string_lit (template_literal) @import)))))
  (#eq? @_module "module") (#eq? @_source "source"))
