"""In a child process, beside the user's script: the roles (observing, checking, replaying) and their instruments."""
