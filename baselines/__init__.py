"""The documents as data: every clause, what it asks, and the checks that bear on it. The mapping lives here and only here."""
