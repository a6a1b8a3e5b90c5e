# Runs one more command in a running instance.
#
#   exec.sh [--join CGROUP_PROCS]... [--users NAMESPACE] [--owner UID] [--tty DEVICE] -- COMMAND...
#
# COMMAND enters the instance's namespaces and becomes a shell there; it finds the user namespace, which it enters last, as
# descriptor 9. stdin is that shell's script, which holds secrets and is passed on unread, with the command's input after
# it. stdout is where the shell reports that it has started, and after that the command's output.
exec 3<&0 4>&1 5>&2 </dev/null >/dev/null

join=
users=
owner=
tty=
while [ "$1" != -- ]; do
    case $1 in
        --join) join="$join $2" ;;
        --users) users=$2 ;;
        --owner) owner=$2 ;;
        --tty) tty=$2 ;;
    esac
    shift 2
done
shift

# A program may open its streams again by name, /dev/stderr.
if [ -n "$owner" ]; then chown "$owner" /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/5; fi
(
    for procs in $join; do
        echo 0 >"$procs" || exit 125
    done
    if [ -n "$tty" ]; then exec 6<>"$tty" || exit 125; fi
    if [ -n "$users" ]; then exec 9<"$users" || exit 125; fi
    exec "$@"
)
exit $?
