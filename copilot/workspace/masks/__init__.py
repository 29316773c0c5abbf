"""Secrets found in texts and masked: pure functions; nothing here opens a file or a socket."""
