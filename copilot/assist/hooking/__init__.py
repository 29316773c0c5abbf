"""What a git hook decides: when it leaves at once, how long it waits, what holds a commit back."""
