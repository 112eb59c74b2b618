"""Checks of a domain's mail as the DNS and policy servers show it: routes, sender authentication, protection on the way."""
