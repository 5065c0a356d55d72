"""How often one visitor may ask for work."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

BURST = 240
"""Requests a visitor may make at once; a page load and a busy minute take a tenth of that."""
PER_SECOND = 4.0
"""Requests a visitor gains back each second."""
CLIENTS = 10_000
"""Visitors remembered; the one not seen for longest is forgotten first."""


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Buckets:
    """A token bucket for each visitor."""

    def __init__(
        self,
        burst: int = BURST,
        per_second: float = PER_SECOND,
        clients: int = CLIENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._clients = clients
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> float:
        """Takes one token. Returns 0, or, where there is none, the seconds until there is."""
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(self._burst, now))
        self._buckets.move_to_end(client)
        if len(self._buckets) > self._clients:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_second)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._per_second
        bucket.tokens -= 1
        return 0.0


def client_of(scope: Scope, behind_proxy: bool) -> str:
    """Who asks: an IPv4 address, or an IPv6 network of 64 bits, since one visitor has all of its addresses.

    Behind a proxy it is the right-most public address of X-Forwarded-For: proxies append, so what stands left of
    that is whatever the sender wrote, and private ones to its right are hops of ours. Anywhere else the header is
    the sender's own, and the peer's address counts.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    hops = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",") if behind_proxy else []
    addresses = [address for hop in reversed(hops) if (address := _address(hop))]
    public = [address for address in addresses if address.is_global]
    found = next(iter(public or addresses), None) or _address(peer)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return str(found or peer)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
