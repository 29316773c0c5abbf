; `resource "aws_instance" "web"` is aws_instance.web.
(block . (identifier) @_word . (string_lit (template_literal) @parent)
  . (string_lit (template_literal) @name) @open . (block_start)
  (#any-of? @_word "resource")) @definition.resource
(block . (identifier) @_word . (string_lit (template_literal) @parent)
  . (string_lit (template_literal) @name) @open . (block_start)
  (#any-of? @_word "data" "ephemeral")) @definition.data
(block . (identifier) @_word . (string_lit (template_literal) @name) @open . (block_start)
  (#eq? @_word "variable")) @definition.variable
(block . (identifier) @_word . (string_lit (template_literal) @name) @open . (block_start)
  (#eq? @_word "output")) @definition.output
(block . (identifier) @_word . (string_lit (template_literal) @name) @open . (block_start)
  (#eq? @_word "module")) @definition.module
(config_file (body (block . (identifier) @_word . (string_lit (template_literal) @name) @open . (block_start)
  (#not-match? @_word "^(variable|output|module)$")) @definition.block))
(config_file (body (block . (identifier) @_word . (string_lit (template_literal) @parent)
  . (string_lit (template_literal) @name) @open . (block_start)
  (#not-match? @_word "^(resource|data|ephemeral)$")) @definition.block))
(config_file (body (block . (identifier) @name @open . (block_start)) @definition.block))
(block . (identifier) @_word (body (attribute . (identifier) @name) @definition.variable)
  (#eq? @_word "locals"))
(config_file (body (attribute . (identifier) @name) @definition.variable))
(attribute (expression) @value)
(comment) @comment
