"""The laboratory of exposure: hosts with real and odd services behind packet filters, and what must and must not be said of each."""
