"""Cases of the checks of machines."""
