#!/bin/sh
# Prints the path of an interpreter that works, or says in one line what to install.
#
#   find-python.sh venv     3.13, 3.12 or 3.11, able to make a virtual environment with pip
#   find-python.sh pip      3.13, 3.12 or 3.11, with pip
#   find-python.sh exact    3.13 only: what Lambda runs, so that its bytecode fits
#
# Candidates are tried by running them: a version manager's shim may lie on PATH and not run. Debug and
# free-threaded builds are passed over, other wheels fit them. The script lies here because `sam build`
# copies this folder, and nothing beside it, to where it builds the layer.
set -u

want=${1:?venv, pip or exact}
case $want in
    venv) needs='import venv, ensurepip' ;;
    pip) needs='import pip' ;;
    exact) needs='' ;;
    *) echo "find-python.sh: venv, pip or exact, not '$want'" >&2; exit 2 ;;
esac
versions='3.13 3.12 3.11'
[ "$want" = exact ] && versions='3.13'

home=${HOME:-/nonexistent}
data=${XDG_DATA_HOME:-$home/.local/share}

candidates() {
    printf '%s\n' "python$1" python3 python
    for folder in "${PYENV_ROOT:-$home/.pyenv}/versions" "${ASDF_DATA_DIR:-$home/.asdf}/installs/python" \
        "$data/mise/installs/python" "$data/uv/python"; do
        for found in "$folder/$1"*/bin/python3 "$folder/cpython-$1"*/bin/python3; do
            [ -x "$found" ] && printf '%s\n' "$found"
        done
    done
}

lacking=''
for version in $versions; do
    OLD_IFS=$IFS
    IFS='
'
    for candidate in $(candidates "$version"); do
        IFS=$OLD_IFS
        path=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2] + sys.abiflags, sys.executable)' 2>/dev/null) || continue
        case $path in
            "$version "*) path=${path#"$version "} ;;
            *) continue ;;
        esac
        if "$path" -c "$needs" >/dev/null 2>&1; then
            printf '%s\n' "$path"
            exit 0
        fi
        lacking="${lacking:-$version}"
    done
    IFS=$OLD_IFS
done

if [ "$want" = exact ]; then
    echo "no Python 3.13 was found" >&2
elif [ -n "$lacking" ]; then
    echo "Python $lacking lacks pip or venv: install python$lacking-venv and python3-pip (Debian, Ubuntu), or another Python 3.13" >&2
else
    echo "no working Python 3.13, 3.12 or 3.11 was found: install python3.13 with pip and venv, for example with your package manager, pyenv or uv" >&2
fi
exit 1
