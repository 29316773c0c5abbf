(named_type) @type
(fragment_spread (fragment_name) @call)
(directive (name) @call)
