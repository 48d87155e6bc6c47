"""Which addresses we call for others: public ones only. What an admin types must not become a way into the park's own network."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
# IPv6 that carries an IPv4 address within: a gateway would turn it into a call to that one.
TRANSLATED = [ipaddress.IPv6Network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]


class InternalAddress(Exception):
    """The host is, or also is, at an address that is not public."""


class UnknownHost(Exception):
    """The host has no address now."""


def resolve(host: str, port: int) -> Sequence[str]:
    """The host's addresses. Raises UnknownHost."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost from error
    return [str(one[4][0]) for one in found]


def is_public(address: Address) -> bool:
    """No private, loopback, link-local (a cloud's metadata service), multicast or reserved address, nor one in disguise."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def public_addresses(
    host: str, port: int, *, resolve: Resolve = resolve, allows: Callable[[Address], bool] = is_public
) -> list[str]:
    """Where the host is. All of its addresses must be public: raises InternalAddress, or UnknownHost."""
    try:
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in resolve(host, port)]
    except ValueError as error:
        raise UnknownHost from error
    if not addresses:
        raise UnknownHost
    if not all(map(allows, addresses)):
        raise InternalAddress
    return list(dict.fromkeys(map(str, addresses)))
