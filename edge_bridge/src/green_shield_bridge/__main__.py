import sys

from green_shield_bridge.cli import main

sys.exit(main())
