; A section's heading, and the first line of its text.
(section (atx_heading (inline) @name) @open) @definition.heading
(setext_heading (paragraph) @name) @definition.heading
[(atx_heading) (setext_heading)] @attribute
(section . [(paragraph) (list) (block_quote) (pipe_table) (html_block)] @doc)
(section . (atx_heading) . [(paragraph) (list) (block_quote) (pipe_table) (html_block)] @doc)
(section (setext_heading) . [(paragraph) (list) (block_quote) (pipe_table) (html_block)] @doc)
(document (section) @rest)

; Fences stay as their language tells; a long one of no known language keeps its ends.
(fenced_code_block) @block
