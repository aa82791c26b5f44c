"""Where to look: points drawn, chosen and grouped, and what they have in common."""
