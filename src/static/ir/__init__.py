"""The intermediate representation: modules, classes, functions, events, abstract values, and the value graph."""
