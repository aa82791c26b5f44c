"""The hand's own source, rewritten until it is right."""
