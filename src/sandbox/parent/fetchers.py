"""Recognizes programs that only read from the network; their command lines are the only evidence."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

_METHODS = frozenset({"GET", "HEAD"})
_ADDRESS = re.compile(r"(?:(https?)://)?(?:[^/@]*@)?(\[[^]]*\]|[A-Za-z0-9][\w.-]*)(?::(\d+))?(?:[/?#].*)?")


@dataclass(frozen=True)
class Fetcher:
    """A program that fetches the addresses on its command line, as its manual documents.

    ``plain`` and ``valued`` are the options that send nothing, without and with a value; ``methods`` are the options
    that choose the HTTP method. A command line with any other option may do more than read.
    """

    plain: frozenset[str]
    valued: frozenset[str]
    methods: frozenset[str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FETCHERS = {
    "curl": Fetcher(
        plain=_names("""
            -s --silent -S --show-error -f --fail --fail-with-body -L --location -O --remote-name -J
            --remote-header-name -k --insecure -g --globoff -i --include -I --head -v --verbose -4 --ipv4 -6 --ipv6
            -# --progress-bar --compressed --create-dirs -N --no-buffer -R --remote-time --http1.1 --http2
            --retry-connrefused --retry-all-errors --no-progress-meter --remote-name-all -q --disable -G --get
            -Z --parallel --tlsv1.2 --tlsv1.3 --path-as-is
        """),
        valued=_names("""
            -o --output --output-dir -m --max-time --connect-timeout --retry --retry-delay --retry-max-time -A
            --user-agent -H --header -C --continue-at -r --range -u --user -e --referer -w --write-out --url
            --limit-rate --cacert --capath -x --proxy -b --cookie -c --cookie-jar --max-redirs -y -Y
            --speed-time --speed-limit -z --time-cond -D --dump-header
        """),
        methods=_names("-X --request"),
    ),
    "wget": Fetcher(
        plain=_names("""
            -q --quiet -v --verbose -nv --no-verbose -nc --no-clobber -c --continue -N --timestamping -S
            --server-response --spider -4 -6 --inet4-only --inet6-only --no-check-certificate --show-progress
            --content-disposition -x -nd --no-directories --no-cache --trust-server-names --no-hsts -nH --no-config
        """),
        valued=_names("""
            -O --output-document -o --output-file -a --append-output -P --directory-prefix -t --tries -T --timeout
            --wait --waitretry -w -U --user-agent --header --limit-rate --user --password --progress
            --connect-timeout --read-timeout --dns-timeout --max-redirect --referer --ca-certificate
            --load-cookies
        """),
        methods=_names("--method"),
    ),
}


def fetched_from(words: Sequence[str]) -> str | None:
    """The first host and port that a command reads from; None if it may do more than read."""
    fetcher = FETCHERS.get(os.path.basename(words[0])) if words else None
    if fetcher is None:
        return None
    places: list[str] = []
    left = list(words[1:])
    while left:
        word = left.pop(0)
        if word.startswith("-") and len(word) > 1:
            options = _options(fetcher, word, left)
            if options is None:
                return None
            for name, value in options:
                if name in fetcher.methods and value not in _METHODS:
                    return None
                if name == "--url":
                    places.append(value)
        else:
            places.append(word)
    found = [_host(place) for place in places]
    return found[0] if found and None not in found else None


def _options(fetcher: Fetcher, word: str, left: list[str]) -> list[tuple[str, str]] | None:
    """The options in a word with their values, which may be taken from ``left``; None for an unknown option."""
    name, equals, value = word.partition("=")
    with_value = fetcher.valued | fetcher.methods
    if word in fetcher.plain:
        return [(word, "")]
    if word.startswith("--") or word in with_value:
        if name not in with_value or not (equals or left):
            return None
        return [(name, value if equals else left.pop(0))]
    # Several letters in one word: the value of the last one follows in it, or is the next word.
    found: list[tuple[str, str]] = []
    for at, letter in enumerate(word[1:], 1):
        option = f"-{letter}"
        if option in with_value:
            rest = word[at + 1 :]
            if not rest and not left:
                return None
            return [*found, (option, rest or left.pop(0))]
        if option not in fetcher.plain:
            return None
        found.append((option, ""))
    return found


def _host(place: str) -> str | None:
    address = _ADDRESS.fullmatch(place)
    return f"{address[2]}:{address[3] or (443 if address[1] == 'https' else 80)}" if address else None
