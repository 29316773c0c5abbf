"""The session screen: the conversation, its context, and the line a person types into."""
