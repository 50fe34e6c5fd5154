"""Inside the child process: the roles (observing, checking, replaying, sequence) and their instruments."""
