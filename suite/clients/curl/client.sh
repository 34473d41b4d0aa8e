#!/bin/sh
# A Wix client of curl and sed, through the exec contract of docs/CLIENT-CONTRACT.md: exit 0 when
# all calls succeeded, 1 when one did not, 77 when asked for what it cannot do. It keeps its token
# for as long as it runs, and gets a new one when the API says 401.
[ "$CONFORM_OP" = api ] || exit 77

# A field of a flat JSON answer.
field() {
    sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p'
}

get_token() {
    if [ -n "${WIX_REFRESH_TOKEN:-}" ]; then
        path=/oauth/access
        grant="\"grant_type\":\"refresh_token\",\"refresh_token\":\"$WIX_REFRESH_TOKEN\""
    else
        path=/oauth2/token
        grant="\"grant_type\":\"client_credentials\",\"instance_id\":\"$WIX_INSTANCE_ID\""
    fi
    # The secret goes by standard input: a command line can be read by others.
    answer=$(printf '{%s,"client_id":"%s","client_secret":"%s"}' \
        "$grant" "$WIX_APP_ID" "$WIX_APP_SECRET" |
        curl -sS --max-time 20 --fail -H 'Content-Type: application/json' --data @- \
            "$WIX_AUTH_BASE$path")
    token=$(printf '%s' "$answer" | field access_token)
    refresh_token=$(printf '%s' "$answer" | field refresh_token)
    WIX_REFRESH_TOKEN=${refresh_token:-${WIX_REFRESH_TOKEN:-}}
    [ -n "$token" ]
}

call_api() {
    printf 'header = "Authorization: %s"\n' "$token" |
        curl -sS --max-time 20 -K - -o /dev/null -w '%{http_code}' "$WIX_API_BASE/conformance/probe"
}

# One call, and once more with a new token where the first is refused.
make_call() {
    [ -n "$token" ] || get_token || return 1
    status=$(call_api)
    if [ "$status" = 401 ]; then
        get_token || return 1
        status=$(call_api)
    fi
    [ "$status" = 200 ] || echo "the API answered $status" >&2
    [ "$status" = 200 ]
}

token=
result=0
left=$CONFORM_CALLS
while [ "$left" -gt 0 ]; do
    make_call || result=1
    left=$((left - 1))
done
exit $result
