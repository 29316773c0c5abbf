(fenced_code_block (info_string (language) @language) (code_fence_content) @content)
(minus_metadata) @content @embedded.yaml
