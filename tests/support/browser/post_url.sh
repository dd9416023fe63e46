#!/bin/bash
# Runs as the browser of a test: `post_url.sh PORT URL` posts the URL to the port on which the test waits for it. Takes a
# tenth of the processor time of post_url.ts.
LC_ALL=C
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
printf 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "${#2}" "$2" >&3
read -r _ <&3
