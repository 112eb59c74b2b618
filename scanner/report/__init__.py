"""Reports: the canonical record as JSON Lines, and what is made from it for people and other programs."""
