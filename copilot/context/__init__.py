"""What the model sees: tokens, budget, layout, manifest."""
