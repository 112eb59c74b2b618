"""Network probes: each one holds a conversation and makes one kind of fact. They see, they do not judge."""
