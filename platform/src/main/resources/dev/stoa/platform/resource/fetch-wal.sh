# PostgreSQL's restore_command: asks the platform for a file of the write-ahead log, and waits until it has it.
# Arguments: the file's name, and where PostgreSQL wants it. A status above 125 ends the restore; 1 says that there is none.
name=$1 wanted=$2 desk=../restore tries=0
: > "$desk/$name.want" || exit 200
while [ "$tries" -lt 60000 ]; do
  if [ -f "$desk/$name.have" ]; then
    cp "$desk/$name.have" "$wanted" && exit 0
    exit 200
  fi
  [ -f "$desk/$name.none" ] && exit 1
  [ -f "$desk/serving" ] || exit 200
  tries=$((tries + 1))
  sleep 0.01
done
exit 200
