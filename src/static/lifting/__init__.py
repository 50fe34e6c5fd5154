"""Parts of functions and modules that can become functions of their own: which statements, with what in and out."""
