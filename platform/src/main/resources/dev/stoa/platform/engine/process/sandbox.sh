# Makes with util-linux alone the mounts that bubblewrap would make, and runs a command among them. It is process 1 of its
# PID namespace, root in a mount namespace of its own, and understands the few options of bubblewrap that Stoa uses.
#
#   sandbox.sh EMPTY_DIRECTORY [OPTION...] -- COMMAND...
#
# It writes all mounts to a table, for one mount command to make them: a process for each would take most of the time.
root=$1
table=$root.mounts
shift

fail() {
    echo "sandbox: $*" >&2
    exit 125
}

# entry SOURCE PATH_INSIDE TYPE OPTIONS
entry() {
    source=$1
    target=$root$2
    case $source$target in
        *[[:space:]\\]*)
            source=$(printf '%s' "$source" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g')
            target=$(printf '%s' "$target" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g')
            ;;
    esac
    echo "$source $target $3 $4 0 0" >&7
}

# bind SOURCE PATH_INSIDE OPTIONS
bind() {
    if [ -d "$1" ]; then
        entry "$1" "$2" none "rbind,x-mount.mkdir$3"
    else
        [ -d "$root${2%/*}" ] || mkdir -p "$root${2%/*}"
        : >>"$root$2"
        entry "$1" "$2" none "bind$3"
    fi
}

dev() {
    mkdir -p "$root$1/pts" "$root$1/shm"
    for device in null zero full random urandom tty; do
        bind "/dev/$device" "$1/$device" ,nosuid
    done
    entry devpts "$1/pts" devpts newinstance,ptmxmode=0666,mode=620,nosuid,noexec
    ln -s pts/ptmx /proc/self/fd "$root$1/"
    ln -s /proc/self/fd/0 "$root$1/stdin"
    ln -s /proc/self/fd/1 "$root$1/stdout"
    ln -s /proc/self/fd/2 "$root$1/stderr"
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

umask 022
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root" || fail "could not mount the new root"
exec 7>"$table"
read_only=
while [ "$1" != -- ]; do
    case $1 in
        --dir) [ -d "$root$2" ] || mkdir -p "$root$2"; shift 2 ;;
        --symlink) ln -s "$2" "$root$3"; shift 3 ;;
        --ro-bind) bind "$2" "$3" ,ro,nosuid,nodev; read_only="$read_only$3
"; shift 3 ;;
        --bind) bind "$2" "$3" ,nosuid,nodev; shift 3 ;;
        --tmpfs) entry tmpfs "$2" tmpfs mode=755,nosuid,nodev; shift 2 ;;
        --proc) entry proc "$2" proc nosuid,nodev,noexec,x-mount.mkdir; shift 2 ;;
        --dev) dev "$2"; shift 2 ;;
        *) fail "does not know the option $1" ;;
    esac
done
shift
exec 7>&-
mount --all --fstab "$table" || fail "could not make the mounts"
read_only_below
mkdir "$root/.old" && cd "$root" && pivot_root . .old && cd / && umount -l /.old && rmdir /.old || fail "could not change the root"
"$@"
exit $?
