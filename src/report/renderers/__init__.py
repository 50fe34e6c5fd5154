"""The ways in which a report is written for people: at the terminal, and as Markdown."""
