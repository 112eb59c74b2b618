"""One module a family of checks: a tuple ``STATES`` of what it does to machines of the laboratory and what must be found there."""
