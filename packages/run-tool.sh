#!/bin/sh
# Builds what has changed, silently, and becomes the tool that is named: sh packages/run-tool.sh server --help
tool=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
log=$(mktemp)
DO_NOT_TRACK=1 turbo run build --filter="$tool" --output-logs=errors-only >"$log" 2>&1 || {
  cat "$log" >&2
  rm -f "$log"
  exit 70
}
rm -f "$log"
options=$root/packages/$tool/node-options
# shellcheck disable=SC2046 # They are words.
exec node $(test ! -e "$options" || cat "$options") "$root/packages/$tool/dist/src/cli.js" "$@"
