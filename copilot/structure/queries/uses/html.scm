(script_element (start_tag (attribute (attribute_name) @_name [
  (attribute_value) @import (quoted_attribute_value (attribute_value) @import)])
  (#eq? @_name "src")))
(element (start_tag (tag_name) @_tag (attribute (attribute_name) @_name [
  (attribute_value) @import (quoted_attribute_value (attribute_value) @import)]))
  (#eq? @_tag "link") (#eq? @_name "href"))
; Components and custom elements.
([(start_tag (tag_name) @type) (self_closing_tag (tag_name) @type)] (#match? @type "^[A-Z]|-"))
