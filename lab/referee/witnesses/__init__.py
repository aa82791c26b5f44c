"""What is seen at the points: truth, hand, differences, kinks, and how far to trust each."""
