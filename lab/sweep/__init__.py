"""Many runs of one experiment as few programs: what differs in numbers is computed side by side.

``axes`` reads what was typed, ``plan`` makes checked settings of it, ``cases`` traces them and
finds which are one program, ``lanes`` carries a program out, ``table`` and ``figures`` show what
came, and ``conduct`` is the order of it all.
"""
