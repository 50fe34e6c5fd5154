"""The names and words that parent and child share: one side writes them, the other looks for them."""

from __future__ import annotations

#: The file in a run's folder that lists the addresses that the child's audit hook has allowed by name.
APPROVED_NAME = "approved"
#: The socket in the same folder at which the parent receives the seccomp listener, and the parent's acknowledgement.
SOCKET_NAME = "connections"
ACKNOWLEDGED = b"ok"
#: The number of the system call `sendto` for each machine: the filter reports `connect` and `sendto`; this one sends.
SENDTO = {"x86_64": 44, "aarch64": 206}
#: The file name of our own frames; no file of the user can have it.
HOOK_FILE = "<hybridize>"
#: The name of the frame in which a thread waits for the sampler; this time is not the script's.
WAITING = "(waiting for the sampler)"
#: The advice in the error of a refused connection; it also marks a library's error that quotes ours.
REMEDY = "--network allow permits the script's connections"
