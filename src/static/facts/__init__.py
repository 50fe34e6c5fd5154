"""Analyses of the solved value graph: call graph, escapes, changes, parameters, tensor work; and the rules' view."""
