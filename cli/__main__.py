"""`green-shield <command>`; `green-shield <command> --help` says what it takes."""

import argparse
import sys

from cli import exchange, train


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="green-shield", description="What an operator of Green Shield does from a shell."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    train.add_to(commands)
    exchange.add_to(commands)
    chosen = parser.parse_args(words)
    return int(chosen.run(chosen))


if __name__ == "__main__":
    sys.exit(main())
