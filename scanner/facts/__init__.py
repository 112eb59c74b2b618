"""Fact types by subject: what can be seen of a domain, a service or a machine, in the peer's own terms.

Shared by network probes, host collectors, the agent and the ledger. A type says what was seen, never whether it is good.
"""
