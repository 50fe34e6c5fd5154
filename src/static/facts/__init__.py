"""What the solved graph says: calls, escapes, changes, parameters, tensor work; what rules are given to see."""
