"""Cases of the DNS checks, one module for each module of checks."""
