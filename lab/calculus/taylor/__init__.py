"""Taylor expansions: functions as polynomials near a point, and how far away they stay good."""
