"""What there is to explain, and the programs of function and hand taken apart."""
