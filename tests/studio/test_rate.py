from __future__ import annotations

import pytest

from zoo.studio.rate import Buckets, client_of


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}


def test_a_visitor_may_make_a_burst_and_then_waits() -> None:
    now = [0.0]
    buckets = Buckets(burst=3, per_second=2, clock=lambda: now[0])

    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == 0.5
    assert buckets.take("b") == 0

    now[0] = 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_a_bucket_never_holds_more_than_the_burst() -> None:
    now = [0.0]
    buckets = Buckets(burst=2, per_second=1, clock=lambda: now[0])
    buckets.take("a")

    now[0] = 1e6
    assert [buckets.take("a") for _ in range(2)] == [0, 0]
    assert buckets.take("a") > 0


def test_the_visitor_not_seen_for_longest_is_forgotten_first() -> None:
    buckets = Buckets(burst=1, clients=2, clock=lambda: 0.0)
    for client in ("a", "b", "a", "c"):
        buckets.take(client)

    assert buckets.take("a") > 0
    assert buckets.take("b") == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.1.1.1", ["1.1.1.1, 93.184.216.34"], "93.184.216.34"),
        ("10.1.1.1", ["1.1.1.1", "93.184.216.34"], "93.184.216.34"),
        ("10.1.1.1", ["93.184.216.34, 10.2.2.2"], "93.184.216.34"),
        ("10.1.1.1", ["nonsense, 93.184.216.34, "], "93.184.216.34"),
        ("10.1.1.1", ["10.9.9.9, 10.3.3.3"], "10.3.3.3"),
        ("10.1.1.1", ["nonsense"], "10.1.1.1"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["2606:2800:220:1:248:1893:25c8:1946"], "2606:2800:220:1::/64"),
        ("10.1.1.1", ["::ffff:93.184.216.34"], "93.184.216.34"),
        (None, [], ""),
    ],
)
def test_behind_a_proxy_the_right_most_public_address_counts(
    peer: str | None, forwarded: list[str], client: str
) -> None:
    assert client_of(scope(peer, *forwarded), behind_proxy=True) == client


def test_without_a_proxy_the_header_is_the_senders_word_and_does_not_count() -> None:
    assert client_of(scope("93.184.216.34", "1.1.1.1"), behind_proxy=False) == "93.184.216.34"


def test_all_addresses_of_one_ipv6_network_are_one_visitor() -> None:
    first, second, other = ("2606:2800:220:1::1", "2606:2800:220:1:ffff::2", "2606:2800:220:2::1")

    assert client_of(scope(first), False) == client_of(scope(second), False) != client_of(scope(other), False)
