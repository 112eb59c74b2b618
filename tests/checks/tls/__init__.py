"""Cases of the checks of TLS services, and the facts they are made from."""
