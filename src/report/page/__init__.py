"""The parts of the HTML page (`renderers.html`): markup that escapes, charts, flame graphs, and what the page says."""
