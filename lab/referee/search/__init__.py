"""Points sought where the drawn ones do not go."""
