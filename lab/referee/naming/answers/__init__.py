"""The right answer altered as a whole: scaled, turned, in part of the domain, at another place."""
