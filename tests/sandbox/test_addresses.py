from __future__ import annotations

import pytest

from hybridize.sandbox.addresses import canonical, is_address, is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "localhost"])
def test_this_machine_is_known_by_its_loopback_addresses(host):
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.2", "fe80::1%eth0", "2001:db8::1", "::ffff:192.0.2.2", "wandb.ai"])
def test_other_addresses_lead_out_of_it(host):
    assert not is_local(host)


def test_an_address_is_written_in_one_way_by_both_sides():
    assert canonical("[2001:DB8::0001]") == canonical("2001:db8::1%eth0") == "2001:db8::1"
    assert canonical("::ffff:192.0.2.2") == "192.0.2.2"


def test_a_name_is_no_address():
    assert is_address("192.0.2.2") and is_address("fe80::1%eth0")
    assert not is_address("wandb.ai") and not is_address("192.0.2")
