"""From syntax trees to the value graph: expressions, definitions, statements, annotations."""
