from __future__ import annotations

from hybridize.sandbox.parent.contacts import contacts

HOST = "files.example:80"


def test_a_host_that_was_only_read_from_is_a_download():
    seen = contacts([("reached", HOST, ""), ("request", HOST, HOST, "GET"), ("request", HOST, HOST, "HEAD")], True)
    assert seen.reached == seen.downloads == (HOST,)


def test_a_host_that_was_written_to_once_is_none():
    seen = contacts([("reached", HOST, ""), ("request", HOST, HOST, "GET"), ("request", HOST, HOST, "POST")], True)
    assert seen.reached == (HOST,) and not seen.downloads


def test_a_host_whose_requests_were_not_seen_is_none():
    assert not contacts([("reached", HOST, "unseen"), ("request", HOST, HOST, "GET")], True).downloads


def test_a_connection_that_has_never_shown_what_it_carries_is_no_download():
    silent = [("reached", HOST, ""), ("request", HOST, HOST, "GET"), ("silent", HOST, "1")]
    assert not contacts(silent, True).downloads
    assert contacts([*silent, ("spoke", HOST, "1")], True).downloads == (HOST,)


def test_what_is_told_twice_is_one_contact():
    seen = contacts([("refused", HOST), ("refused", HOST), ("stopped", HOST), ("port", "443"), ("port", "80")], False)
    assert (seen.refused, seen.stopped, seen.library_ports, seen.kernel) == ((HOST,), HOST, (80, 443), False)
