"""What a user is told of the outside world, and what later runs may reach."""

from __future__ import annotations

from hybridize.records import Contacts, Network
from hybridize.run.reach import after_first, warnings

SENT = Contacts(reached=("hooks.slack.com:443", "files.example:443"), downloads=("files.example:443",))


def test_where_the_script_sends_to_is_told_before_it_runs_twice():
    sent, read = warnings(Network(), SENT)
    assert "hooks.slack.com:443" in sent and "later runs are refused" in sent and "--network allow" in sent
    assert "downloads from files.example:443" in read


def test_later_runs_reach_what_the_first_only_read_from():
    later = after_first(Network(), SENT)
    assert (later.first, later.downloads, later.library_ports) == (False, ("files.example:443",), ())


def test_all_runs_tell_their_refusals_in_one_place():
    first = Network()
    after_first(first, SENT).refused.add("x")
    assert first.refused == {"x"}


def test_ports_of_c_code_are_open_to_those_alone_that_read_remote_files():
    ports = Contacts(library_ports=(443,))
    assert after_first(Network(), ports).library_ports == ()
    read = Contacts(library_ports=(443,), remote_reads=("gs://data",))
    assert after_first(Network(), read).library_ports == (443,)


def test_a_script_that_reaches_nothing_is_told_nothing():
    assert warnings(Network(), Contacts()) == []
    assert warnings(Network("allow"), Contacts(kernel=False)) == []


def test_trackers_paths_servers_of_this_machine_and_a_kernel_that_does_not_watch_are_told():
    seen = Contacts(
        trackers=("MLflow",), remote_writes=("gs://bucket/model",), posted=("127.0.0.1:5000",), kernel=False
    )
    said = " | ".join(warnings(Network(), seen))
    for words in ("MLflow was kept offline", "gs://bucket/model", "127.0.0.1:5000 on this machine", "seccomp"):
        assert words in said


def test_what_later_runs_do_is_told_once():
    assert warnings(after_first(Network(), SENT), SENT) == []


def test_what_each_run_reaches_is_told_also_where_that_is_wanted():
    (said,) = warnings(Network("allow"), SENT)
    assert "hooks.slack.com:443" in said and "each run" in said


def test_of_many_hosts_some_are_named():
    many = Contacts(reached=tuple(f"host{number}:80" for number in range(9)))
    assert "host4:80 and 4 more" in warnings(Network(), many)[0]
