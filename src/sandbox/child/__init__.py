"""The child process: runs the user's script with hooks, and keeps it from the user's files and the network."""
