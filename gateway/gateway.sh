#!/bin/sh
# The gateway: nginx, and every second a look at where the services are. It ends when nginx ends, and stops on
# TERM, INT or QUIT once the requests that run are answered (at most 30 seconds).
#
# Settings, from the environment:
#   GATEWAY_PORT 8080                 what clients use; with TLS, it only leads there
#   GATEWAY_STATUS_PORT 8081          /stub_status and /healthz, for the inside only
#   GATEWAY_HOST 0.0.0.0              address to listen on
#   GATEWAY_TLS, GATEWAY_TLS_PORT 8443    a folder for tls.crt and tls.key: TLS while both are there, anew when
#                                     they change
#   PUBLIC_URL                        where the port without TLS leads to, if it begins with https://
#   GATEWAY_SECRET, or GATEWAY_SECRET_FILE    proves to the services that the client address told is right
#   GATEWAY_PROXIES                   networks of proxies before us whose X-Forwarded-For is believed
#   GATEWAY_RATE 100, GATEWAY_WRITE_RATE 50, GATEWAY_SIGN_IN_RATE 10    requests a second of one client address
#                                     (four times as many at once); 1000000 lifts a limit. Files of pages, and
#                                     covers, count for themselves: four times GATEWAY_RATE
#   GATEWAY_HASH_RATE 30              requests a second of all clients together that have a password hashed: as many
#                                     as a small machine can. Who comes sooner waits, two seconds at most
#   GATEWAY_CONNECTIONS 500           requests in hand of one client address; 65535 lifts the limit
#   GATEWAY_WORKERS                   nginx's processes; else one per core, at most 4
#   GATEWAY_RUN /tmp/gateway          a folder for what is written, the only place where anything is
#   USERS_UPSTREAM users:8000 …       for each service, and WEB_UPSTREAM for the pages: host:port, or several with
#                                     spaces
#   GATEWAY_PLACES                    a folder: its file `users` says the same, and is read again every second
set -eu

SERVICES="users events bookings payments notifications reviews"
PLACES="$SERVICES web"  # the pages have no database, and no API of their own
RUSH=256  # bookings that a replica has in hand; more are refused here, which costs next to nothing
HERE=$(cd "$(dirname "$0")" && pwd)
RUN=${GATEWAY_RUN:-/tmp/gateway}
HOST=${GATEWAY_HOST:-0.0.0.0}
export RES_OPTIONS="timeout:2 attempts:2"

say() { echo "gateway: $*" >&2; }
refuse() { say "does not start: $*"; exit 2; }

places() {  # of a service: host:port …
    ! cat "${GATEWAY_PLACES:-/nowhere}/$1" 2>/dev/null || return 0
    name=$(echo "$1" | tr '[:lower:]' '[:upper:]')
    eval "echo \${${name}_UPSTREAM:-$1:8000}"
}

check() {
    secret=${GATEWAY_SECRET:-}
    [ -n "$secret" ] || [ -z "${GATEWAY_SECRET_FILE:-}" ] || secret=$(cat "$GATEWAY_SECRET_FILE")
    case $secret in *[!A-Za-z0-9._~+/=-]*) refuse "GATEWAY_SECRET: letters, digits and ._~+/=- only" ;; esac
    [ -z "$secret" ] || [ ${#secret} -ge 32 ] || refuse "GATEWAY_SECRET: at least 32 characters"
    for number in "GATEWAY_PORT=${GATEWAY_PORT:=8080}" "GATEWAY_STATUS_PORT=${GATEWAY_STATUS_PORT:=8081}" \
        "GATEWAY_TLS_PORT=${GATEWAY_TLS_PORT:=8443}" "GATEWAY_RATE=${GATEWAY_RATE:=100}" \
        "GATEWAY_WRITE_RATE=${GATEWAY_WRITE_RATE:=50}" "GATEWAY_SIGN_IN_RATE=${GATEWAY_SIGN_IN_RATE:=10}" \
        "GATEWAY_HASH_RATE=${GATEWAY_HASH_RATE:=30}" \
        "GATEWAY_CONNECTIONS=${GATEWAY_CONNECTIONS:=500}" "GATEWAY_WORKERS=${GATEWAY_WORKERS:=$(workers)}"; do
        case ${number#*=} in 0*|*[!0-9]*) refuse "$number: not a number above zero" ;; esac
    done
    for service in $PLACES; do
        for place in $(places "$service"); do
            case $place in *[!A-Za-z0-9.:_-]*|*:*:*|:*|*:) refuse "$service: $place is not host:port" ;; *:*) ;;
                *) refuse "$service: $place is not host:port" ;; esac
        done
    done
}

workers() {
    cores=$(nproc)
    [ "$cores" -lt 4 ] && echo "$cores" || echo 4
}

addresses() {  # of host:port …, one a line; none of what is not known
    for place in "$@"; do
        getent ahostsv4 "${place%:*}" | while read -r address _; do echo "$address:${place##*:}"; done
    done | sort -u
}

upstream() {  # a name, how one is chosen, connections kept by each worker, what each server may be asked at once, and
    # the addresses from stdin
    echo "upstream $1 {"
    echo "    zone $1 128k;"
    echo "    $2;"
    servers=$(sed 's/.*/    server & max_fails=1 fail_timeout=2s'"${4:+ max_conns=$4}"';/')
    echo "${servers:-    server 127.0.0.1:1 down;}"  # which is refused at once
    echo "    keepalive $3;"
    echo "    keepalive_timeout 15s;"
    echo "}"
}

at_most() { echo "limit_req zone=$1 burst=$(($2 * 4)) nodelay;"; }  # requests a second

# Where most is asked, only the limits that can say no there are looked at: each takes time.
looking() {  # at pages where nobody writes anything
    at_most requests "$GATEWAY_RATE"
    echo "limit_conn connections $GATEWAY_CONNECTIONS;"
}

booking() {
    looking
    at_most writes "$GATEWAY_WRITE_RATE"
}

limits() {
    for limit in "requests \$asking $GATEWAY_RATE" "files \$fetching $((GATEWAY_RATE * 4))" \
        "writes \$writing $GATEWAY_WRITE_RATE" "sign_ins \$signing_in $GATEWAY_SIGN_IN_RATE"; do
        echo "$limit" | while read -r name key rate; do
            echo "limit_req_zone $key zone=$name:8m rate=${rate}r/s;"
            at_most "$name" "$rate"
        done
    done
    echo "limit_req_zone \$hashing zone=passwords:32k rate=${GATEWAY_HASH_RATE}r/s;"
    echo "limit_req zone=passwords burst=$((GATEWAY_HASH_RATE * 2));" # who comes sooner waits here, two seconds at most
    echo "limit_conn_zone \$hashing zone=hashing:32k;"
    hashing=$((GATEWAY_HASH_RATE / 4 + 1)) # in hand of users: what it can begin before they give up, however busy it is
    echo "limit_conn hashing $((hashing < 65535 ? hashing : 65535));"
    echo "limit_conn_zone \$binary_remote_addr zone=connections:8m;"
    echo "limit_conn connections $GATEWAY_CONNECTIONS;"
    echo "limit_conn_zone \$uploader zone=uploaders:1m;"
    echo "limit_conn uploaders 2;"
    echo "limit_conn_zone \$uploading zone=uploads:32k;"
    echo "limit_conn uploads 3;"
    for network in ${GATEWAY_PROXIES:-}; do echo "set_real_ip_from $network;"; done
    [ -z "${GATEWAY_PROXIES:-}" ] || echo "real_ip_header X-Forwarded-For; real_ip_recursive on;"
}

servers() {
    echo "server { listen $HOST:$GATEWAY_STATUS_PORT; include status.conf; }"
    if ! [ -r "${GATEWAY_TLS:-}/tls.crt" ] || ! [ -r "$GATEWAY_TLS/tls.key" ]; then
        echo "server { listen $HOST:$GATEWAY_PORT backlog=2048; include routes.conf; }"
        return
    fi
    case ${PUBLIC_URL:-} in https://*) public=${PUBLIC_URL%/} ;; *) public="https://\$host" ;; esac
    case $("$NGINX" -v 2>&1) in */1.2[0-4].*) on_listen=http2 on_server='' ;; *) on_listen='' on_server='http2 on;' ;; esac
    echo "# $(cat "$GATEWAY_TLS/tls.crt" "$GATEWAY_TLS/tls.key" | cksum)"
    echo "server { listen $HOST:$GATEWAY_PORT backlog=2048; include own_answers.conf;"
    echo "    location / { return 308 $public\$request_uri; } }"
    echo "server { listen $HOST:$GATEWAY_TLS_PORT ssl $on_listen backlog=2048; $on_server include routes.conf;"
    echo "    ssl_certificate $GATEWAY_TLS/tls.crt; ssl_certificate_key $GATEWAY_TLS/tls.key;"
    echo "    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:4m; ssl_session_tickets off; }"
}

look() {  # writes http.new: what http.conf would be now
    asked=
    for service in $PLACES; do
        # shellcheck disable=SC2046  # several places are several words
        addresses $(places "$service") >"names/$service" & asked="$asked $!"
    done
    # shellcheck disable=SC2086
    wait $asked || true
    unknown=
    for service in $SERVICES; do [ -s "names/$service" ] || unknown="$unknown $service"; done
    {
        echo "map \"\" \$gateway_secret { default \"$secret\"; }"
        echo "map \"\" \$unknown { default \"$unknown\"; }"  # services whose name nobody knows
        for service in $PLACES; do upstream "$service" least_conn 32 <"names/$service"; done
        for service in $SERVICES; do cat "names/$service"; done | sort -u | upstream any least_conn 32
        upstream booking "hash \$booked_event consistent" 256 "$RUSH" <names/bookings
        limits
        servers
    } >http.new
}

settled() {  # whether there are files with plain addresses, no name and no certificate, and they are as they were
    # three looks ago: to look up what cannot have changed took a tenth of a core
    was=$told
    told=$([ -n "${GATEWAY_TLS:-}" ] || cat "${GATEWAY_PLACES:-/nowhere}"/* 2>/dev/null) || true
    case $told in
        *[!0-9.:\ "
"]*|'') looks=0 ;;
        "$was") looks=$((looks + 1)) ;;
        *) looks=0 ;;
    esac
    [ "$looks" -ge 3 ]
}

follow() {  # what changed is taken up when it was seen twice, and when nginx can read it
    ! settled || return 0
    mv http.new http.before
    look
    cmp -s http.new http.before || return 0
    ! cmp -s http.new http.conf && ! cmp -s http.new http.refused || return 0
    cat names/* | grep -q . || return 0  # not one name is known: it is the names' server that is away
    cp http.conf http.old
    cp http.new http.conf
    if "$NGINX" -t -q -e stderr -p "$RUN" -c "$RUN/nginx.conf" -g "$GLOBALS"; then
        say "the services' addresses, or the certificate, changed"
        kill -HUP "$nginx"
    else
        say "goes on with what it had: nginx refuses what changed"
        mv http.new http.refused
        mv http.old http.conf
        cp http.conf http.new
    fi
}

alive() { kill -0 "$nginx" 2>/dev/null; }

start() {
    umask 022
    mkdir -p "$RUN" && cd "$RUN" && RUN=$(pwd)
    mkdir -p temp cache names
    umask 077  # what is written from here on has the secret in it
    cp "$HERE"/*.conf .
    looking >looking.conf
    booking >booking.conf
    rm -f http.refused
    GLOBALS="daemon off; worker_processes $GATEWAY_WORKERS;"
    if [ "$(id -u)" = 0 ]; then
        GLOBALS="$GLOBALS user nobody $(id -gn nobody);"
        su nobody -s /bin/sh -c "test -x '$RUN'" || refuse "GATEWAY_RUN: nobody, who answers, cannot reach $RUN"
    fi
    # shellcheck disable=SC3045  # where a shell cannot, nginx serves fewer at once
    ulimit -n "$(ulimit -H -n)" || true
    look
    cp http.new http.conf
    rm -f nginx.pid
    # Should this shell be killed, nginx does not stay behind.
    tied=$(command -v setpriv >/dev/null && echo setpriv --pdeathsig QUIT) || true
    # nginx does not interrupt who answers it, but reads what they answered meanwhile in one go.
    patient=$(chrt --batch 0 true 2>/dev/null && echo chrt --batch 0) || true
    # shellcheck disable=SC2086
    $tied $patient "$NGINX" -e stderr -p "$RUN" -c "$RUN/nginx.conf" -g "$GLOBALS" &
    nginx=$!
    until [ -s nginx.pid ] || ! alive; do sleep 0.1; done  # before that it is deaf to signals
}

NGINX=$(command -v nginx || command -v /usr/sbin/nginx) || refuse "nginx is not installed"
stopping= told= looks=0
trap 'stopping=yes' TERM INT QUIT
check
start
while [ -z "$stopping" ] && alive; do
    sleep 1 &
    wait $! || true
    [ -n "$stopping" ] || follow
done
kill -QUIT "$nginx" 2>/dev/null || true
while :; do
    wait "$nginx" && status=0 || status=$?
    alive || break
done
[ -n "$stopping" ] || { say "nginx ended by itself ($status)"; exit 1; }
exit "$status"
