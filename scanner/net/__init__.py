"""The only room with sockets: DNS and HTTPS clients, pacing, budgets, and the guard that knows what may be touched."""
