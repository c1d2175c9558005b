"""`python -m priosig`."""

import sys

from priosig.command.main import main

if __name__ == "__main__":
    sys.exit(main())
