"""A zoo of real TLS servers in a network namespace, each with what its own library says that it allows. See README.md."""

from tests.lab.tls_zoo.zoo import Zoo, why_no_zoo

__all__ = ["Zoo", "why_no_zoo"]
