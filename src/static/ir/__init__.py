"""What the analysis works on: modules, classes, functions and their events, abstract values, and the value graph."""
