"""SSL and TLS between octets and values: registries, hellos written, what servers answer read, keys derived. Pure; nothing here connects.

Its modules are imported one by one: a check that names a cipher suite loads no client.
"""
