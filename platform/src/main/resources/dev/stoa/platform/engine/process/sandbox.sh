# Makes with util-linux alone the mounts that bubblewrap would make, and runs a command among them. It is process 1 of its
# PID namespace, root in a mount namespace of its own, and understands the few options of bubblewrap that Stoa uses.
#
#   sandbox.sh EMPTY_DIRECTORY [OPTION...] -- COMMAND...
root=$1
shift

fail() {
    echo "sandbox: $*" >&2
    exit 125
}

bind() {
    if [ -d "$1" ]; then
        [ -d "$root$2" ] || mkdir -p "$root$2"
    elif [ ! -e "$root$2" ]; then
        mkdir -p "$root${2%/*}" && : >"$root$2"
    fi
    mount --rbind $3 "$1" "$root$2" || fail "could not bind $1"
}

# What is mounted below a read-only directory is made read-only too.
read_only_below() {
    newline='
'
    IFS=$newline
    for line in $(cat /proc/self/mountinfo); do
        point=${line#* * * * }
        point=${point%% *}
        for directory in $read_only; do
            case $point in
                "$root$directory"/*)
                    mount -o remount,bind,ro,nosuid,nodev "$(printf '%b' "$point")" || fail "could not make $point read-only"
                    ;;
            esac
        done
    done
    unset IFS
}

dev() {
    mkdir -p "$root$1"
    mount -t tmpfs -o mode=755,nosuid tmpfs "$root$1" || fail "could not mount $1"
    for device in null zero full random urandom tty; do
        : >"$root$1/$device"
        mount --bind "/dev/$device" "$root$1/$device" || fail "could not bind /dev/$device"
    done
    mkdir "$root$1/pts" "$root$1/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts "$root$1/pts" || fail "could not mount $1/pts"
    ln -s pts/ptmx "$root$1/ptmx"
    ln -s /proc/self/fd "$root$1/fd"
    ln -s /proc/self/fd/0 "$root$1/stdin"
    ln -s /proc/self/fd/1 "$root$1/stdout"
    ln -s /proc/self/fd/2 "$root$1/stderr"
}

umask 022
read_only=
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root" || fail "could not mount the new root"
while [ "$1" != -- ]; do
    case $1 in
        --dir) [ -d "$root$2" ] || mkdir -p "$root$2"; shift 2 ;;
        --symlink) ln -s "$2" "$root$3"; shift 3 ;;
        --ro-bind) bind "$2" "$3" -oro,nosuid,nodev; read_only="$read_only$3
"; shift 3 ;;
        --bind) bind "$2" "$3"; shift 3 ;;
        --tmpfs) mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root$2" || fail "could not hide $2"; shift 2 ;;
        --proc) mkdir -p "$root$2"; mount -t proc -o nosuid,nodev,noexec proc "$root$2" || fail "could not mount $2"; shift 2 ;;
        --dev) dev "$2"; shift 2 ;;
        *) fail "does not know the option $1" ;;
    esac
done
shift
read_only_below
mkdir "$root/.old" && cd "$root" && pivot_root . .old && cd / && umount -l /.old && rmdir /.old || fail "could not change the root"
"$@"
exit $?
