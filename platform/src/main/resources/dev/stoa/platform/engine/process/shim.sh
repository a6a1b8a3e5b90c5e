# The parent of one instance. It outlives the platform; the files it leaves in the instance's directory (pid, logger,
# output, exit) are how the platform finds the instance again.
#
#   shim.sh DIRECTORY [--join CGROUP_PROCS]... [--net NAMESPACE] [--oom COUNTERS] [--layer overlay|copy] [--shm] [--owner UID]
#       [--contained] [--attached] [--tty DEVICE] -- COMMAND...
#
# --contained says that no process of the instance outlives its first.
#
# stdin is a script for the instance's own shell; it holds secrets and is passed on unread. stdout is where that shell
# reports that it has started. With --attached, the instance's input follows on stdin, and its output and errors go to
# stdout and stderr, or all of them to the terminal DEVICE; the file "output" then has what the sandbox itself says.
dir=$1
shift
echo $$ >"$dir/pid"
exec 3<&0 4>&1 5>&2 </dev/null >>"$dir/output" 2>&1
# A caught signal, unlike an ignored one, is back to its default in the instance.
trap : HUP INT TERM

finish() {
    oom_kills=0
    if [ -n "$oom" ]; then
        while read -r key count; do
            if [ "$key" = oom_kill ]; then oom_kills=$count; fi
        done <"$oom"
    fi
    # One write, by the shell itself: a command of its own could be killed together with what is left of the instance.
    # The point tells the reader that the line is whole.
    echo "$1 $oom_kills ." >"$dir/exit"
    exit 0
}

oom=
net=
join=
layer=
shm=
owner=
contained=
attached=
tty=
while [ "$1" != -- ]; do
    case $1 in
        --join) join="$join $2"; shift ;;
        --net) net=$2; shift ;;
        --oom) oom=$2; shift ;;
        --layer) layer=$2; shift ;;
        --shm) shm=yes ;;
        --owner) owner=$2; shift ;;
        --contained) contained=yes ;;
        --attached) attached=yes ;;
        --tty) tty=$2; shift ;;
    esac
    shift
done
shift

cd "$dir" || finish 125
# A mount takes as long as a small program starts: the two at once.
mounting=
if [ -n "$shm" ]; then
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs shm &
    mounting=$!
fi
# The paths of the layers are relative, as a colon or a comma in a path has a meaning to mount.
if [ "$layer" = overlay ] &&
    ! mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay app 2>/dev/null; then
    layer=copy
fi
if [ "$layer" = copy ]; then
    cp -a --reflink=auto lower/. app/ 2>/dev/null || cp -a lower/. app/ || finish 125
fi
if [ -n "$mounting" ]; then
    wait "$mounting" || finish 125
fi

# run COMMAND...
run() {
    # The shim stays outside, so that it can still act when the instance has used up its limits.
    for procs in $join; do
        echo 0 >"$procs" || exit 125
    done
    if [ -n "$net" ]; then set -- nsenter --net="$net" -- "$@"; fi
    if [ -n "$tty" ]; then exec 6<>"$tty" || exit 125; fi
    if [ -n "$attached" ]; then exec "$@"; fi
    exec "$@" <&3 3<&-
}

if [ -n "$attached" ]; then
    # A program may open its streams again by name, /dev/stderr.
    if [ -n "$owner" ]; then chown "$owner" /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/5; fi
    (run "$@")
    status=$?
    finish $status
fi
exec 5>&-

# The output goes through a pipe: an instance that opens /dev/stderr for writing would cut a file short. The logger stays
# when it cannot write, as on a full disk, since an instance whose pipe has no reader is killed.
(until cat; do sleep 1; done) <pipe 2>/dev/null 3<&- 4>&- &
echo $! >logger
exec >pipe 2>&1

(run "$@")
status=$?

exec >/dev/null 2>&1
if [ -n "$contained" ]; then
    wait
else
    # A daemon that was left behind may hold the pipe for long.
    rounds=0
    while kill -0 $! && [ $rounds -lt 20 ]; do
        sleep 0.05
        rounds=$((rounds + 1))
    done
fi
finish $status
