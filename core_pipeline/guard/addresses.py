"""Which addresses lie in the public internet."""

from ipaddress import IPv4Address, ip_address, ip_network

# Python's `is_global` lets some of these through (192.0.0.0/24, multicast), and which ones depends on its version.
_CLOSED_4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, is one cloud's own service to its machines
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# The rest of IPv6 is local, reserved, or carries an IPv4 address inside: mapped, compatible, NAT64.
_OPEN_6 = ip_network("2000::/3")
_CLOSED_6 = tuple(ip_network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def public(address: str) -> bool:
    """Whether an IP address is one of the public internet; False too for what is no plain IP address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in block for block in _CLOSED_4)
    if found.scope_id is not None:
        return False
    return found in _OPEN_6 and not any(found in block for block in _CLOSED_6)
