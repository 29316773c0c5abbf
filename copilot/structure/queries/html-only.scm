(doctype) @attribute
