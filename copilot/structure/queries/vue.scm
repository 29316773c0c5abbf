(template_element [(start_tag) (end_tag)] @attribute)
(document (element [(start_tag) (end_tag)] @attribute))
