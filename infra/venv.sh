#!/bin/sh
# Makes or refreshes the virtual environment named by $1 from the requirement files. PYTHON names the interpreter of a new one;
# without it the first of these that is fit is taken. Lambda's newest runtime is the upper bound: the package is made for the
# interpreter that makes it.
set -eu
venv=$1
fit='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

if ! "$venv/bin/python" -c "$fit" 2>/dev/null; then
    rm -rf "$venv"
    found=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c "$fit" 2>/dev/null; then
            found=$candidate
            break
        fi
    done
    if [ -z "$found" ]; then
        echo "error: Python 3.11, 3.12 or 3.13 is needed and ${PYTHON:-python3} is none of them." >&2
        echo "       Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
        exit 1
    fi
    echo "making $venv with $("$found" --version)"
    if ! "$found" -m venv "$venv"; then
        rm -rf "$venv"
        echo "error: $found cannot make virtual environments (on Debian: apt-get install python3-venv)" >&2
        exit 1
    fi
fi
echo "installing requirements-dev.txt into $venv"
# An old pip takes four times as long to find out what fits together; chalice wants none newer.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1,<26.3'
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
