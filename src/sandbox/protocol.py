"""The names and words that the two sides have agreed on: each writes what the other looks for."""

from __future__ import annotations

#: In a run's folder, the addresses that the child's own hook has let through, under their names.
APPROVED_NAME = "approved"
#: In the same folder, the socket at which the parent waits for the kernel's questions, and its answer there.
SOCKET_NAME = "connections"
ACKNOWLEDGED = b"ok"
#: By machine, the number of the system call `sendto`: of those that the kernel asks about, the one that sends.
SENDTO = {"x86_64": 44, "aarch64": 206}
#: The file that our own frames are said to come from; no file of a user's can have that name.
HOOK_FILE = "<hybridize>"
#: The frame in which a thread waits until the sampler is there: no time of the script's.
WAITING = "(waiting for the sampler)"
#: What a script is told to do that was refused a connection; errors of libraries that cite ours are known by it.
REMEDY = "--network allow permits the script's connections"
