"""Probability: log densities and their scores, information, divergences, and expectations."""
