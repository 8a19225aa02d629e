#!/bin/sh
# Made by synsift. Moves copies into a folder: sh move-copies.sh FOLDER
# Deletes nothing, overwrites nothing, and passes over what has changed since, or whose kept copy has.
set -u
LC_ALL=C # names are bytes
export LC_ALL
target=${1:?name the folder to move the copies into}
[ ! -L "$target" ] && mkdir -p -- "$target" || { echo "$target can't be used" >&2; exit 1; }
target=$(cd -- "$target" && pwd -P) || exit 1
left_alone=0
if command -v sha256sum >/dev/null; then hash() { sha256sum; }; else hash() { shasum -a 256; }; fi
same() { # SHA-256, path
  [ -f "$2" ] && [ ! -L "$2" ] && [ "$(hash <"$2" | cut -d ' ' -f 1)" = "$1" ] && return
  printf 'left alone, as it has changed or is gone: %s\n' "$2" >&2
  return 1
}
kept() { # SHA-256 and path of all that is kept
  while [ $# -gt 0 ]; do same "$1" "$2" || return; shift 2; done
}
move() { # SHA-256, number, path
  name=${3##*/}
  while [ ${#name} -gt 230 ]; do name=${name#?}; done # a name has 255 bytes at most, with its number
  place=$target/$2-$name
  if same "$1" "$3" && [ ! -e "$place" ] && [ ! -L "$place" ] && mv -- "$3" "$place"; then
    printf '%s -> %s\n' "$3" "$place"
  else
    left_alone=1
  fi
}

