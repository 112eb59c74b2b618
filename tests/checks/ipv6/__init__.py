"""Cases of the checks of IPv6 on machines."""
