(script_element (start_tag) @tag (raw_text) @content) @embedded.javascript
(style_element (start_tag) @tag (raw_text) @content) @embedded.css
