"""`python -m priosig`."""

import sys

from priosig.command.main import main

sys.exit(main())
