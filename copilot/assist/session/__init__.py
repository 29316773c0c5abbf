"""A session: many questions and edits on one conversation, whoever shows it."""
