; What a target needs, and what is included; `.PHONY` and its like need nothing.
(rule (targets) @_targets (prerequisites (word) @call) (#not-match? @_targets "^\\.[A-Z_]+$"))
(include_directive filenames: (_) @import)
