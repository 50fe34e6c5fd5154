"""``python -m hybridize`` is the ``optimize`` command of this interpreter's environment."""

import sys

from .cli import main

sys.exit(main())
