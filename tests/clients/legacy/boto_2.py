"""boto 2.49 against a server of the versions of old: `boto_2.py ENDPOINT`. Unmodified;
the version, the signature and the keys are what its users set. Messages go both ways to boto3."""

import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Last, since a script there has the name of the package that is tested here.
sys.path.append(str(Path(__file__).parent.parent / "python"))

import boto3
from boto.exception import SQSError
from boto.sqs.connection import SQSConnection
from boto.sqs.message import RawMessage
from boto.sqs.regioninfo import SQSRegionInfo
from cases import equal, run
from rest import Rest

SECRETS = {"OWNER": "secret-of-the-owner", "READER": "secret-of-the-reader"}
SECOND = ["2008-01-01", "2009-02-01", "2011-10-01", "2012-11-05"]
FIRST = ["2006-04-01", "2007-05-01"]
BODY = "line\r\nnext\ttab <&>\"' \u20ac \U0001f600 +%20"
# Name space of answers about grants.
GRANTS = "{http://access.amazonaws.com/doc/2006-01-01/}"


def connect(endpoint, version, key="OWNER", secret=None):
    """A connection of boto, whose users choose version and signature so. On Python 3 it cannot
    compute the versions before 2."""

    class Connection(SQSConnection):
        APIVersion = version

        def _required_auth_capability(self):
            return ["sign-v2"]

    place = urllib.parse.urlsplit(endpoint)
    region = SQSRegionInfo(name="us-east-1", endpoint=place.hostname)
    return Connection(
        key,
        secret or SECRETS[key],
        is_secure=False,
        port=place.port,
        region=region,
    )


def new_name():
    return f"q-{uuid.uuid4().hex[:12]}"


def refused(code, status, call, *arguments):
    try:
        call(*arguments)
    except SQSError as error:
        equal((error.error_code, error.status), (code, status))
        return
    raise AssertionError(f"was not refused; expected {code}")


def case_second_generation(endpoint):
    for version in SECOND:
        sqs = connect(endpoint, version)
        queue = sqs.create_queue(new_name())
        queue.set_message_class(RawMessage)
        assert queue.id in [found.id for found in sqs.get_all_queues(prefix=queue.name)]
        sent = RawMessage(body=BODY)
        queue.write(sent)
        assert sent.id
        found = queue.read(visibility_timeout=60)
        equal((found.get_body(), found.id), (BODY, sent.id))
        assert queue.read() is None
        if version != "2008-01-01":
            found.change_visibility(0)
            found = queue.read()
        assert queue.delete_message(found)
        equal(queue.count(), 0)
        assert queue.set_attribute("VisibilityTimeout", 77)
        equal(queue.get_attributes()["VisibilityTimeout"], "77")
        assert sqs.delete_queue(queue)


def case_permissions_of_2009_and_after(endpoint):
    for version in SECOND[1:]:
        owner = connect(endpoint, version)
        queue = owner.create_queue(new_name())
        reader = connect(endpoint, version, key="READER")
        refused("AccessDenied", 403, reader.send_message, queue, "m")
        assert queue.add_permission("share", "222222222222", "SendMessage")
        reader.send_message(queue, "m")
        refused("AccessDenied", 403, reader.receive_message, queue)
        assert queue.remove_permission("share")
        refused("AccessDenied", 403, reader.send_message, queue, "m")


def case_batches_of_2011(endpoint):
    sqs = connect(endpoint, "2011-10-01")
    queue = sqs.create_queue(new_name(), 30)
    queue.set_message_class(RawMessage)
    written = queue.write_batch([("a", "one", 0), ("b", "two", 0)])
    equal(sorted(entry["id"] for entry in written.results), ["a", "b"])
    found = queue.get_messages(10)
    equal(sorted(message.get_body() for message in found), ["one", "two"])
    equal(len(queue.delete_message_batch(found).results), 2)
    equal(sqs.lookup(queue.name).id, queue.id)


def case_wrong_signatures(endpoint):
    for version in FIRST + SECOND:
        wrong = connect(endpoint, version, secret="other")
        code, status = ("SignatureDoesNotMatch", 403)
        if version in FIRST:
            code, status = ("AuthFailure", 401)
        refused(code, status, wrong.create_queue, new_name())


def call(sqs, action, path="/", **parameters):
    """An action that boto has no method for; the root of its answer."""
    answer = sqs.make_request(action, parameters, path)
    text = answer.read()
    equal((answer.status, text if answer.status != 200 else b""), (200, b""))
    return ElementTree.fromstring(text)


def of_path(url):
    return urllib.parse.urlsplit(url).path


def case_first_generation(endpoint):
    for version in FIRST:
        sqs = connect(endpoint, version)
        space = f"{{http://queue.amazonaws.com/doc/{version}/}}"
        queue = sqs.create_queue(new_name())
        sent = call(sqs, "SendMessage", queue.id, MessageBody=BODY)
        identity = sent.findtext(space + "MessageId")
        equal(identity.count("|"), 2)
        peeked = call(sqs, "PeekMessage", queue.id, MessageId=identity)
        equal(peeked.findtext(f"{space}Message/{space}MessageBody"), BODY)
        found = call(sqs, "ReceiveMessage", queue.id, NumberOfMessages="256")
        equal([it.text for it in found.iter(space + "MessageId")], [identity])
        call(sqs, "DeleteMessage", queue.id, MessageId=identity)
        found = call(sqs, "ReceiveMessage", queue.id)
        equal(list(found.iter(space + "Message")), [])
        assert sqs.delete_queue(queue)


def case_grants(endpoint):
    for version in FIRST:
        owner = connect(endpoint, version)
        queue = owner.create_queue(new_name())
        reader = connect(endpoint, version, key="READER")
        grantee = {"Grantee.EmailAddress": "reader@example.com"}
        grant = {**grantee, "Permission": "SENDMESSAGE"}
        send = ("SendMessage", {"MessageBody": "m"}, queue.id)
        refused("AccessFailure", 401, reader.get_status, *send)
        call(owner, "AddGrant", queue.id, **grant)
        call(reader, "SendMessage", queue.id, MessageBody="m")
        listed = call(owner, "ListGrants", queue.id, **grantee)
        equal([it.text for it in listed.iter(GRANTS + "Permission")], ["SENDMESSAGE"])
        equal([it.text for it in listed.iter(GRANTS + "DisplayName")], ["reader"])
        call(owner, "RemoveGrant", queue.id, **grant)
        refused("AccessFailure", 401, reader.get_status, *send)


def case_rest_of_2006_and_boto3_of_today(endpoint):
    rest = Rest(endpoint, "OWNER", SECRETS["OWNER"])
    today = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="OWNER",
        aws_secret_access_key=SECRETS["OWNER"],
    )
    name = new_name()
    old = rest.create(name)
    url = today.get_queue_url(QueueName=name)["QueueUrl"]
    bodies = [BODY, "x" * 262_144, "<Message>text</Message>", "aGVsbG8="]
    for body in bodies:
        assert rest.send(old, body.encode())
        found = today.receive_message(QueueUrl=url)["Messages"][0]
        equal(found["Body"], body)
        today.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
    for body in bodies:
        today.send_message(QueueUrl=url, MessageBody=body)
        ((message, found),) = rest.receive(old)
        equal(found, body)
        rest.delete(old, message)
    equal(today.receive_message(QueueUrl=url).get("Messages", []), [])


if __name__ == "__main__":
    sys.exit(0 if run(sys.modules[__name__], sys.argv[1]) else 1)
