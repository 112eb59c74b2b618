"""What travels between agents, hubs and zones without a path: signed envelopes and what they hold. No sockets, no files."""
