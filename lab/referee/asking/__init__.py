"""What is asked of function and hand, and how it is asked at many points at once."""
