"""What is read: the project's files, what each is called, and where imports lead."""
