"""The command `green-shield-bridge`: main.py has the list, each other module a group of subcommands."""
