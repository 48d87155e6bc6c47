import sys

from green_shield_bridge.cli.main import main

sys.exit(main())
