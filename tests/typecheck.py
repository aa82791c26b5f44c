"""The type checker that annotations are held to while testing: beartype, where an int will do for a float."""

from beartype import BeartypeConf, beartype

numeric_tower = beartype(conf=BeartypeConf(is_pep484_tower=True))
