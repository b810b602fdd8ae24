#!/bin/sh
# The React client's calls, in its order and in its words: docs/client-session.sh [API] [SYMBOL]
#
# Needs curl, python3, a running server, and a SYMBOL that it knows or can look up. `manage.py seed_demo` makes one that
# needs no network. Stops at the first call that fails.
set -eu
API=${1:-http://localhost:8000/api/v1}
SYMBOL=${2:-DEMO-MOOSE}
who=client-$$-$(date +%s)
password=correct-horse-battery-$$
token='' account='' institution=''

curl --silent --output /dev/null "$API" || {
    echo "Nothing answers at $API: start the server, or name another one: docs/client-session.sh API [SYMBOL]" >&2
    exit 1
}

# Leave nothing behind but the person, also where a call has failed.
clean() {
    for path in ${account:+"accounts/$account"} ${institution:+"financial-institutions/$institution"}; do
        curl --silent --output /dev/null --request DELETE "$API/$path" --header "Authorization: Bearer $token"
    done
}
trap clean EXIT

# call METHOD PATH [curl options]: show the call and its answer, and keep the answer in $answer.
call() {
    method=$1 path=$2
    shift 2
    printf '\n%s %s\n' "$method" "$path"
    answer=$(curl --silent --show-error --fail-with-body --request "$method" "$API$path" \
        --header "Authorization: Bearer $token" "$@") || { printf '%s\n' "$answer" && exit 1; }
    printf '%s\n' "$answer"
}
json() { call "$1" "$2" --header 'Content-Type: application/json' --data "$3"; }
field() { printf %s "$answer" | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

json POST /auth/register "{\"email\": \"$who@example.org\", \"username\": \"$who\", \"password\": \"$password\"}"
call POST /auth/login --data-urlencode "username=$who" --data-urlencode "password=$password"
token=$(field access_token)
call GET /auth/me

json POST /financial-institutions '{"name": "Imaginary Brokerage", "institution_type": "brokerage", "url": "https://broker.example"}'
institution=$(field id)
json POST /accounts "{\"name\": \"TFSA\", \"account_type\": \"TFSA\", \"financial_institution_id\": \"$institution\", \"currency_code\": \"CAD\"}"
account=$(field id)
json POST "/accounts/$account/values" '{"timestamp": "2025-11-23T10:00", "balance": 1234567890123.45, "cash_balance": 250.5}'
json POST "/accounts/$account/holdings" "{\"security_id\": \"$SYMBOL\", \"shares\": 12.5, \"average_price_per_share\": 30.125}"
holding=$(field id)

call GET /accounts
call GET "/accounts/$account/values?start=2025-11-01&end=2025-11-30"
call GET "/accounts/$account/holdings"

json PUT "/accounts/$account" '{"name": "TFSA at the brokerage"}'
json PUT "/accounts/$account/holdings/$holding" '{"shares": 20}'
call GET "/accounts/$account/history"
call DELETE "/accounts/$account/holdings/$holding"
call DELETE "/accounts/$account"
call DELETE "/financial-institutions/$institution"
call GET /accounts
