#!/bin/sh
# Makes the AOT caches of a package: runs the program once, so that the JVM keeps what it loaded and linked. Without them
# everything works and starts slower, so whatever fails here only warns.
#
# usage: train.sh PACKAGE JAVA_HOME
set -u
package=$1
STOA_JAVA_HOME=$2
STOA_HOME=$(mktemp -d)
export STOA_JAVA_HOME STOA_HOME
trap 'rm -rf "$STOA_HOME"' EXIT
seconds_max=120

train() {
    cache=$package/lib/$1.aot
    shift
    rm -f "$cache" "$cache.jvm"
    limit=
    if command -v timeout >/dev/null 2>&1; then limit="timeout $seconds_max"; fi
    if ! STOA_AOT_OUTPUT=$cache $limit "$package/bin/stoa" "$@" >"$STOA_HOME/train.log" 2>&1 || [ ! -f "$cache" ]; then
        echo "warning: no AOT cache $cache, so starts are slower:" >&2
        tail -n 5 "$STOA_HOME/train.log" >&2
        rm -f "$cache" "$cache.jvm"
    fi
}

STOA_MAIN_CLASS=dev.stoa.cli.Training train cli
# Both JVMs write large files; one after the other keeps a small machine usable.
if [ "${STOA_TRAIN_PLATFORM-yes}" = yes ]; then train platform up --train; fi
exit 0
