# Works once a second until SIGTERM.
trap 'echo "worker got SIGTERM and ends"; exit 0' TERM

count=0
while true; do
  count=$((count + 1))
  echo "worker did piece of work $count"
  sleep 1 &
  wait $!
done
