(rule_set (selectors) @name (block) @body) @definition.rule
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.rule
(at_rule (at_keyword) @name (block) @body
  (#match? @name "^@(font-face|page|property|counter-style|view-transition)$")) @definition.rule
(at_rule (at_keyword) @name (block) @body
  (#not-match? @name "^@(font-face|page|property|counter-style|view-transition)$")) @definition.at-rule
(media_statement "@media" @name (block) @body) @definition.at-rule
(supports_statement "@supports" @name (block) @body) @definition.at-rule

; Custom properties stay.
((declaration (property_name) @_name) @attribute (#match? @_name "^--"))
[(comment) (js_comment)] @comment
