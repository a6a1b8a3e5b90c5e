# Runs a program of PostgreSQL as an unprivileged user that no file on this machine knows, in a mount namespace where that
# user can reach the cluster and the binaries although they stand below directories that only root may enter.
# Arguments: cluster directory, binaries directory or nothing, uid, then the command, which finds the two at /mnt/cluster and /mnt/postgres.
set -e
cluster=$1 binaries=$2 uid=$3
shift 3
mount -t tmpfs -o mode=0755,size=64k tmpfs /mnt
mkdir /mnt/cluster /mnt/postgres
mount --bind "$cluster" /mnt/cluster
if [ -n "$binaries" ]; then mount --bind "$binaries" /mnt/postgres; fi
# initdb asks for the name of its user.
echo "postgres:x:$uid:$uid::/:/bin/false" > /mnt/passwd
mount --bind /mnt/passwd /etc/passwd
cd /mnt/cluster
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
