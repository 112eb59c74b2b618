"""The endpoint agent: identity, chain, spool, transport, service. The collectors that it runs stand in ``scanner.hosts``."""
