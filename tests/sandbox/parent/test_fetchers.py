"""Programs that only read from the network are known by their command lines; what is not known may send."""

from __future__ import annotations

import pytest

from hybridize.sandbox.parent.fetchers import fetched_from

READERS = {
    "curl https://files.example/a.tgz": "files.example:443",
    "/usr/bin/curl -sSfL -o a.tgz http://files.example:8080/a.tgz": "files.example:8080",
    "curl -X GET files.example/a": "files.example:80",
    "curl -sI --request HEAD https://files.example": "files.example:443",
    "wget -q -O a https://files.example/a": "files.example:443",
    "wget --method=GET https://files.example/a": "files.example:443",
    "curl https://files.example/{a,b} https://other.example/c": "files.example:443",
}
NO_READERS = [
    "curl -d x https://files.example",
    "curl -sd@file https://files.example",
    "curl -sSX POST https://files.example",
    "curl -XPOST https://files.example",
    "curl --request=PUT https://files.example",
    "curl --data-urlencode a=b https://files.example",
    "curl --json {} https://files.example",
    "curl -F file=@a https://files.example",
    "curl -sT a https://files.example",
    "curl --upload-file a https://files.example",
    "curl -K settings",
    "curl --config settings https://files.example",
    "curl ftp://files.example/a",
    "curl --dat x https://files.example",
    "wget --post-data=x https://files.example",
    "wget --post-file a https://files.example",
    "wget --method PUT https://files.example",
    "wget --body-data=x https://files.example",
    "wget -i list",
    "wget --header x",
    "ssh files.example",
    "python3 -c pass https://files.example",
]


@pytest.mark.parametrize("command", READERS)
def test_a_program_that_only_reads_is_known_by_its_command_line(command):
    assert fetched_from(command.split()) == READERS[command]


@pytest.mark.parametrize("command", NO_READERS)
def test_a_program_that_may_send_is_none(command):
    assert fetched_from(command.split()) is None
