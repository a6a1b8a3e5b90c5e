#!/bin/sh
# Stands in for the command of this name in a Procfile: its last argument that is no option is the folder to serve.
root=.
while [ $# -gt 0 ]; do
    case $1 in
        -C | -c | -F | -f | -i | -l | -p) shift ;;
        -*) ;;
        *) root=$1 ;;
    esac
    [ $# -eq 0 ] || shift
done
exec php -S "0.0.0.0:$PORT" -t "$root" .stoa/php/router.php
