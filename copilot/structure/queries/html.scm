; The skeleton alone stays.
(document) @rest
(element (start_tag (attribute (attribute_name) @_id)) @attribute (#eq? @_id "id"))
(element (start_tag (attribute (attribute_name) @_id)) (end_tag) @attribute (#eq? @_id "id"))
(element (self_closing_tag (attribute (attribute_name) @_id)) @attribute (#eq? @_id "id"))
([(start_tag (tag_name) @_tag) (end_tag (tag_name) @_tag) (self_closing_tag (tag_name) @_tag)] @attribute
  (#match? @_tag "^(?i:html|head|body|base|link|header|nav|main|section|article|aside|footer|template|slot|dialog|iframe|form|fieldset|input|select|textarea|button|script|style)$"))
(element (start_tag (tag_name) @_tag) (#match? @_tag "^(?i:title|h[1-6])$")) @attribute
; Custom elements and components.
([(start_tag (tag_name) @_tag) (end_tag (tag_name) @_tag) (self_closing_tag (tag_name) @_tag)] @attribute
  (#match? @_tag "[-A-Z:.].*[a-z]"))

(element [(start_tag (attribute (attribute_name) @_id [
    (attribute_value) @name (quoted_attribute_value (attribute_value) @name)])) @open
  (self_closing_tag (attribute (attribute_name) @_id [
    (attribute_value) @name (quoted_attribute_value (attribute_value) @name)])) @open]
  (#eq? @_id "id")) @definition.element
(element (start_tag (tag_name) @_tag) . [(text) @name (element (text) @name)]
  (#match? @_tag "^[hH][1-6]$")) @definition.heading
