"""`python3 -m charm` is `hooks/health`, for a machine that has the package but no charm."""

import sys

from .cli.health import main

sys.exit(main())
