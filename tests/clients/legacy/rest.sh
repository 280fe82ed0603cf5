#!/bin/sh
# REST of 2006-04-01 and 2007-05-01 by curl, signed by openssl: rest.sh ENDPOINT
set -u
endpoint=$1
passed=0 failed=0
bar=%7C

# text: its HMAC-SHA1 with $secret, in base64.
sign() {
    printf '%s' "$1" | openssl dgst -sha1 -hmac "$secret" -binary | openssl base64
}

# method address [body]: the status and the body of the answer, on lines of their own.
request() {
    date=${stale:-$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')}
    text=$(printf '%s\n\ntext/plain\n%s\n%s' "$1" "$date" "${2%%\?*}")
    curl --silent --show-error --max-time 30 --request "$1" \
        --header "Authorization: AWS OWNER:$(sign "$text")" --header "AWS-Version: $version" \
        --header 'Content-Type: text/plain' --header "Date: $date" \
        ${3+--data-binary "$3"} --write-out '\n%{http_code}\n' "$endpoint$2"
}

# name status pattern method address [body]: the answer must have the status and the text.
expect() {
    name=$1 status=$2 pattern=$3
    shift 3
    answer=$(request "$@")
    if [ "$(printf '%s' "$answer" | tail -n 1)" = "$status" ] &&
        case $answer in *"$pattern"*) true ;; *) false ;; esac; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s %s: expected %s %s, found %s\n' "$version" "$name" "$status" "$pattern" \
            "$answer"
    fi
}

# element: its text in the last answer.
element() {
    printf '%s' "$answer" | sed -n "s:.*<$1>\([^<]*\)</$1>.*:\1:p"
}

for version in 2006-04-01 2007-05-01; do
    secret=secret-of-the-owner
    own=rest-$version-$$
    expect create 200 "/doc/$version/" POST "/?QueueName=$own"
    url=$(element QueueUrl)
    queue=/${url#*://*/}
    expect list 200 "$own</QueueUrl>" GET "/?QueueNamePrefix=$own"
    expect set-timeout 200 SetVisibilityTimeoutResponse PUT "$queue?VisibilityTimeout=60"
    expect get-timeout 200 '<VisibilityTimeout>60<' GET "$queue"
    expect send 200 SendMessageResponse PUT "$queue/back" 'a <b> & c'
    id=$(element MessageId | sed "s/|/$bar/g")
    expect peek 200 '<MessageBody>a &lt;b&gt; &amp; c<' GET "$queue/$id"
    expect receive 200 '<MessageBody>a &lt;b&gt; &amp; c<' GET "$queue/front?NumberOfMessages=256"
    expect receive-nothing 200 '<StatusCode>Success<' GET "$queue/front"
    expect not-empty 400 NonEmptyQueue DELETE "$queue"
    expect too-many 400 ReadCountOutOfRange GET "$queue/front?NumberOfMessages=257"
    secret=other
    expect wrong-signature 401 AuthFailure DELETE "$queue/$id"
    secret=secret-of-the-owner
    stale='Wed, 05 Apr 2006 21:12:00 GMT'
    expect stale-signature 400 RequestExpired DELETE "$queue/$id"
    unset stale
    expect still-there 200 PeekMessageResponse GET "$queue/$id"
    expect delete 200 DeleteMessageResponse DELETE "$queue/$id"
    expect deleted 404 MessageNotFound GET "$queue/$id"
    expect delete-queue 200 DeleteQueueResponse DELETE "$queue"
    expect queue-deleted 400 NonExistentQueue GET "$queue"
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
