"""No private networks: every connection is judged by the address it really reached, before a byte is sent."""

import ipaddress
import socket
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

# Public by Python's reckoning, private in truth: they carry another address inside (RFC 6052, 3056, 4380, 4291).
CARRIERS = [
    ipaddress.ip_network(net)
    for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
]


class BlockedAddressError(OSError):
    """The address lies in a private network and is not one the settings trust."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, with the carriers of other addresses unwrapped or refused."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in net for net in CARRIERS):
            return False
    return ip.is_global and not ip.is_multicast


class _Checked:
    """Mixed into urllib3's connections: checks the peer of a fresh socket, before TLS and before the request."""

    trusted: frozenset[str] = frozenset()
    host: str
    port: int

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        if f"{self.host}:{self.port}" not in self.trusted and not is_public(made.getpeername()[0]):
            made.close()
            raise BlockedAddressError(
                f"{self.host} lies in a private network; trust it under [network] in publisher.toml"
            )
        return made


class GuardedPools(PoolManager):
    """A PoolManager whose connections refuse private addresses other than the `trusted` "host:port" pairs."""

    def __init__(self, trusted: frozenset[str], **options: Any) -> None:
        super().__init__(**options)
        plain = type("CheckedHTTP", (_Checked, HTTPConnection), {"trusted": trusted})
        tls = type("CheckedHTTPS", (_Checked, HTTPSConnection), {"trusted": trusted})
        self.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
