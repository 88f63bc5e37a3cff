#!/bin/sh
# Runs gafferd with the Bun that was installed with this package, or else with `bun` from the PATH. `exec` keeps the
# process id, so that signals, pidfiles and service managers reach gafferd itself.

# npm links this file into node_modules/.bin.
self=$(readlink -f "$0")
root=${self%/src/gafferd.sh}

# Without these options Bun would load `.env` and run the `preload` of `bunfig.toml` in the current folder, and download
# packages that a plugin imports.
run_with() {
  bun=$1
  shift
  exec "$bun" --no-install --no-env-file --config=/dev/null "$root/src/main.ts" "$@"
}

# Bun raises the limit of open files. gafferd gives its processes the one that it was started with.
GAFFERD_NOFILE=$(ulimit -S -n)
export GAFFERD_NOFILE

# When install scripts did not run (bunx, pnpm, --ignore-scripts), bin/bun.exe is a short script that only fails.
is_program() {
  [ -x "$1" ] && [ -n "$(find -L "$1" -size +1000k 2>/dev/null)" ]
}

case $(uname -m) in
  x86_64 | amd64) architecture=x64 ;;
  *) architecture=aarch64 ;;
esac
platform=$(uname -s | tr '[:upper:]' '[:lower:]')-$architecture

folder=$root
while [ -n "$folder" ]; do
  package=$folder/node_modules/bun
  if [ -d "$package" ]; then
    is_program "$package/bin/bun.exe" && run_with "$package/bin/bun.exe" "$@"
    # The binaries that the `bun` package depends on. pnpm keeps them beside the target of the link `node_modules/bun`.
    for modules in "$folder/node_modules" "$(dirname "$(readlink -f "$package")")"; do
      for each in "$modules/@oven/bun-$platform/bin/bun" "$modules/@oven/bun-$platform-musl/bin/bun"; do
        is_program "$each" && "$each" --version >/dev/null 2>&1 && run_with "$each" "$@"
      done
    done
  fi
  folder=${folder%/*}
done

found=$(command -v bun) && run_with "$found" "$@"
echo "gafferd needs Bun 1.4.5 or later, but none was found: install it with \`npm install --global bun@1.4.5\`." >&2
exit 78
