"""zeep, a SOAP toolkit, with clients made of the served WSDLs: `soap.py OPEN SIGNED`.

OPEN is a server that takes anyone, SIGNED one that verifies signatures. What goes out and what
comes back is held against the served schemas as well.
"""

import base64
import datetime
import hashlib
import hmac
import sys
import uuid

import boto3
import zeep
from cases import equal, run
from lxml import etree
from rest import Rest
from zeep.exceptions import Fault
from zeep.transports import Transport

FIRST = ("2006-04-01", "2007-05-01")
SECOND = ("2008-01-01", "2009-02-01")
ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/",
             "http://www.w3.org/2003/05/soap-envelope")
ACCESS = "http://access.amazonaws.com/doc/2006-01-01/"
FAULT = "http://webservices.amazon.com/AWSFault/2005-15-09"
KEY, SECRET = "AKIDEXAMPLE", "secret"

# What XML would change if it were not escaped, the longest body of 2008, and its shortest.
BODIES = [
    "x",
    " plain ",
    "line\r\nnext\rlast\n\ttab",
    "<a b='c'>&amp; ]]> <![CDATA[ -->\"</a>",
    "\u20ac \U0001f600 \u00e9 \ufffd",
    "\r",
    "<" * 8192,
]


class Schemas(zeep.Plugin):
    """Every body, in both directions, must be valid."""

    def __init__(self, endpoint, date):
        files = ["QueueService", "AccessControl" if date in FIRST else "Security"]
        transport = Transport()
        self.schemas = {}
        for file in files:
            page = transport.load(f"{endpoint}/doc/{date}/{file}.xsd")
            root = etree.fromstring(page)
            self.schemas[root.get("targetNamespace")] = etree.XMLSchema(root)
        self.seen = 0

    def check(self, envelope):
        (body,) = [child for child in envelope if etree.QName(child).localname == "Body"]
        (content,) = body
        name = etree.QName(content)
        if name.namespace in ENVELOPES:
            equal(name.localname, "Fault")
            return
        # A copy: the prefixes that values use must come along.
        schema = self.schemas[name.namespace]
        schema.assertValid(etree.fromstring(etree.tostring(content)))
        self.seen += 1

    def ingress(self, envelope, http_headers, operation):
        self.check(envelope)
        return envelope, http_headers

    def egress(self, envelope, http_headers, operation, binding_options):
        self.check(envelope)
        return envelope, http_headers


class Service:
    """A version through its WSDL: `call(name, ...)` of the service or, with `url`, of a queue."""

    def __init__(self, endpoint, date, soap12=False, secret=None, skew_s=0):
        self.date, self.secret, self.skew_s = date, secret, skew_s
        self.schemas = Schemas(endpoint, date)
        self.client = zeep.Client(f"{endpoint}/doc/{date}/QueueService.wsdl",
                                  plugins=[self.schemas])
        port = "QueueServicePort12" if soap12 else "QueueServicePort"
        self.service = self.client.bind("QueueService", port)
        self.first = date in FIRST
        queues = "MessageQueueBinding" if self.first else "QueueServiceBinding"
        self.binding = f"{{http://queue.amazonaws.com/doc/{date}/}}{queues}{'12' * soap12}"

    def credentials(self, action):
        now = datetime.datetime.now(datetime.timezone.utc)
        now += datetime.timedelta(seconds=self.skew_s)
        timestamp = now.strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"
        text = (action + timestamp).encode()
        signature = base64.b64encode(hmac.digest(self.secret.encode(), text, "sha1")).decode()
        return {"AWSAccessKeyId": KEY, "Timestamp": timestamp, "Signature": signature}

    def call(self, action, url=None, **arguments):
        if self.secret:
            signed = self.credentials(action)
            if self.first:
                arguments.update(signed)
            else:
                arguments["_soapheaders"] = signed
        proxy = self.client.create_service(self.binding, url) if url else self.service
        return proxy[action](**arguments)

    def result(self, action, url=None, **arguments):
        """The part of an answer that is not the same for all."""
        answer = self.call(action, url, **arguments)
        return answer if self.first else answer[f"{action}Result"]

    def create(self, **arguments):
        name = f"soap-{uuid.uuid4().hex[:12]}"
        return self.result("CreateQueue", QueueName=name, **arguments)["QueueUrl"]

    def send(self, url, body):
        return self.result("SendMessage", url, MessageBody=body)

    def receive(self, url, count=1, **arguments):
        """Messages as pairs of the key to delete with and the body."""
        if self.first:
            messages = self.result("ReceiveMessage", url, NumberOfMessages=count, **arguments)
            return [(it["MessageId"], it["MessageBody"]) for it in messages["Message"]]
        found = self.result("ReceiveMessage", url, MaxNumberOfMessages=count, **arguments)
        # zeep has nothing for an element with nothing in it.
        messages = found["Message"] if found else []
        for it in messages:
            equal(it["MD5OfBody"], hashlib.md5(it["Body"].encode()).hexdigest())
        return [(it["ReceiptHandle"], it["Body"]) for it in messages]

    def delete(self, url, key):
        name = "MessageId" if self.first else "ReceiptHandle"
        self.call("DeleteMessage", url, **{name: key})


def services(endpoint, dates=FIRST + SECOND, **options):
    """A client for each version, from 2008 on for both versions of SOAP."""
    for date in dates:
        for soap12 in (False, True)[: 1 if date in FIRST else 2]:
            yield Service(endpoint, date, soap12, **options)


def refused(code, call, *arguments, **options):
    """Fails unless `call` gets a fault with this code, of SQS or, without, of SOAP."""
    try:
        call(*arguments, **options)
    except Fault as fault:
        codes = [fault.code] + [str(it) for it in fault.subcodes or []]
        names = [it.rsplit("}", 1)[-1].rsplit(":", 1)[-1] for it in codes]
        equal(names[-1], code)
        request_id = fault.detail.find(f"{{{FAULT}}}RequestId")
        uuid.UUID(request_id.text)
        return fault.message
    raise AssertionError(f"was not refused; expected {code}")


def modern(endpoint):
    return boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1",
                        aws_access_key_id=KEY, aws_secret_access_key=SECRET)


def url_today(endpoint, url):
    """The URL that boto3 has for a queue; old versions may name its owner otherwise."""
    return modern(endpoint).get_queue_url(QueueName=url.rsplit("/", 1)[1])["QueueUrl"]


def case_first_generation_from_creation_to_deletion(endpoint, _):
    for service in services(endpoint, FIRST):
        url = service.create(DefaultVisibilityTimeout=45)
        name = url.rsplit("/", 1)[1]
        equal(service.result("ListQueues", QueueNamePrefix=name)["QueueUrl"], [url])
        equal(service.result("GetVisibilityTimeout", url)["VisibilityTimeout"], 45)
        service.call("SetVisibilityTimeout", url, VisibilityTimeout=50)
        equal(service.result("GetVisibilityTimeout", url)["VisibilityTimeout"], 50)
        message = service.send(url, "hello")["MessageId"]
        equal(message.count("|"), 2)
        peeked = service.result("PeekMessage", url, MessageId=message)["Message"]
        equal((peeked["MessageId"], peeked["MessageBody"]), (message, "hello"))
        equal(service.receive(url), [(message, "hello")])
        equal(service.receive(url), [])
        refused("NonEmptyQueue" if service.date == "2006-04-01"
                else "AWS.SimpleQueueService.NonEmptyQueue", service.call, "DeleteQueue", url)
        service.delete(url, message)
        refused("MessageNotFound", service.call, "PeekMessage", url, MessageId=message)
        service.call("DeleteQueue", url)
        refused("AWS.SimpleQueueService.NonExistentQueue", service.send, url, "late")


def case_what_2007_added(endpoint, _):
    service = Service(endpoint, "2007-05-01")
    url = service.create()
    service.call("SetQueueAttributes", url, Attribute="VisibilityTimeout", Value="77")
    message = service.send(url, "a")["MessageId"]
    listed = service.result("GetQueueAttributes", url, Attribute=["All"])["AttributedValue"]
    equal({it["Attribute"]: it["Value"] for it in listed},
          {"VisibilityTimeout": "77", "ApproximateNumberOfMessages": "1"})
    equal(service.receive(url), [(message, "a")])
    service.call("ChangeMessageVisibility", url, MessageId=message, VisibilityTimeout=0)
    equal(service.receive(url), [(message, "a")])
    service.call("DeleteQueue", url, ForceDeletion=True)


def case_second_generation_from_creation_to_deletion(endpoint, _):
    for service in services(endpoint, SECOND):
        url = service.create(DefaultVisibilityTimeout=45)
        name = url.rsplit("/", 1)[1]
        equal(service.result("ListQueues", QueueNamePrefix=name)["QueueUrl"], [url])
        sent = service.send(url, "hello")
        equal(sent["MD5OfMessageBody"], hashlib.md5(b"hello").hexdigest())
        ((handle, body),) = service.receive(url)
        equal(body, "hello")
        equal(service.receive(url), [])
        service.call("SetQueueAttributes", url,
                     Attribute=[{"Name": "VisibilityTimeout", "Value": "77"}])
        found = service.result("GetQueueAttributes", url, AttributeName=["VisibilityTimeout"])
        equal([(it["Name"], it["Value"]) for it in found["Attribute"]],
              [("VisibilityTimeout", "77")])
        service.delete(url, handle)
        service.send(url, "left behind")
        service.call("DeleteQueue", url)
        refused("AWS.SimpleQueueService.NonExistentQueue", service.send, url, "late")


def case_what_2009_added(endpoint, _):
    for service in services(endpoint, ("2009-02-01",)):
        url = service.create()
        sent = service.send(url, "a")["MessageId"]
        uuid.UUID(sent)
        received = service.result("ReceiveMessage", url, AttributeName=["All"])["Message"][0]
        equal(received["MessageId"], sent)
        names = {it["Name"] for it in received["Attribute"]}
        assert {"SenderId", "SentTimestamp"} <= names, names
        handle = received["ReceiptHandle"]
        service.call("ChangeMessageVisibility", url, ReceiptHandle=handle, VisibilityTimeout=0)
        ((handle, body),) = service.receive(url)
        equal(body, "a")
        service.delete(url, handle)
        service.call("AddPermission", url, Label="l", AWSAccountId=["111122223333"],
                     ActionName=["SendMessage", "ReceiveMessage"])
        text = refused("InvalidParameterValue", service.call, "AddPermission", url, Label="l",
                       AWSAccountId=["111122223333"], ActionName=["SendMessage"])
        assert "Already exists" in text, text
        service.call("RemovePermission", url, Label="l")


def case_a_message_sent_by_soap_is_received_by_boto3(endpoint, _):
    sqs = modern(endpoint)
    for service in services(endpoint):
        url = service.create()
        today = url_today(endpoint, url)
        for body in BODIES:
            service.send(url, body)
            (message,) = sqs.receive_message(QueueUrl=today)["Messages"]
            equal(message["Body"], body)
            sqs.delete_message(QueueUrl=today, ReceiptHandle=message["ReceiptHandle"])


def case_a_message_sent_by_boto3_is_received_by_soap(endpoint, _):
    sqs = modern(endpoint)
    for service in services(endpoint):
        url = service.create()
        today = url_today(endpoint, url)
        for body in BODIES:
            sqs.send_message(QueueUrl=today, MessageBody=body)
            ((key, found),) = service.receive(url)
            equal(found, body)
            service.delete(url, key)
        equal(service.receive(url), [])


def case_what_one_version_sends_every_other_receives(endpoint, _):
    every = list(services(endpoint))
    for sender in every:
        url = sender.create()
        name = url.rsplit("/", 1)[1]
        for reader in every:
            own = reader.result("ListQueues", QueueNamePrefix=name)["QueueUrl"]
            equal(len(own), 1)
            sender.send(url, f"{sender.date} to {reader.date} \r\n&")
            ((key, body),) = reader.receive(own[0])
            equal(body, f"{sender.date} to {reader.date} \r\n&")
            reader.delete(own[0], key)


def case_one_pair_of_keys_signs_rest_soap_and_boto3(_, endpoint):
    """A queue that REST created; each of the three receives what each of them sent."""
    sqs, rest = modern(endpoint), Rest(endpoint, KEY, SECRET)
    queue = rest.create(f"mix-{uuid.uuid4().hex[:12]}")
    today = url_today(endpoint, queue)
    every_byte = base64.b64encode(bytes(range(256))).decode()
    bodies = [*BODIES, every_byte, "<Message>m</Message>"]

    def receive_today():
        (message,) = sqs.receive_message(QueueUrl=today)["Messages"]
        sqs.delete_message(QueueUrl=today, ReceiptHandle=message["ReceiptHandle"])
        return message["Body"]

    def receive_by(service, url):
        ((key, body),) = service.receive(url)
        service.delete(url, key)
        return body

    for soap in services(endpoint, secret=SECRET):
        (url,) = soap.result("ListQueues", QueueNamePrefix=queue.rsplit("/", 1)[1])["QueueUrl"]
        senders = [lambda body: rest.send(queue, body.encode()),
                   lambda body: soap.send(url, body),
                   lambda body: sqs.send_message(QueueUrl=today, MessageBody=body)]
        receivers = [lambda: receive_by(rest, queue), lambda: receive_by(soap, url), receive_today]
        for body in bodies:
            for send in senders:
                for receive in receivers:
                    send(body)
                    equal(receive(), body)
        equal(soap.receive(url), [])
    # What is no text was never a message: a client of the time sent it in base64.
    equal(rest.refused("PUT", f"{queue}/back", bytes(range(256))), (400, "InvalidMessageContents"))
    wrong = Rest(endpoint, KEY, "other")
    equal(wrong.refused("PUT", f"{queue}/back", b"m"), (401, "AuthFailure"))
    equal(rest.receive(queue), [])


def case_many_messages_in_one_answer(endpoint, _):
    for service in services(endpoint):
        url = service.create()
        count = 256 if service.first else 10
        today = url_today(endpoint, url)
        for start in range(0, count, 10):
            entries = [{"Id": str(n), "MessageBody": f"m{n}"}
                       for n in range(start, min(start + 10, count))]
            modern(endpoint).send_message_batch(QueueUrl=today, Entries=entries)
        bodies = {body for _, body in service.receive(url, count)}
        equal(bodies, {f"m{n}" for n in range(count)})


def case_refusals_are_faults(endpoint, _):
    for service in services(endpoint):
        url = service.create()
        text = refused("InvalidParameterValue", service.call, "CreateQueue", QueueName="a b")
        assert "a b" in text, text
        missing = url[:-1] + "-"
        refused("AWS.SimpleQueueService.NonExistentQueue", service.receive, missing)
        refused("ReadCountOutOfRange" if service.first else "InvalidParameterValue",
                service.receive, url, 0)
        if not service.first:
            refused("ReceiptHandleIsInvalid", service.delete, url, "no handle")


def case_grants_by_e_mail_and_by_id(_, endpoint):
    for service in services(endpoint, FIRST, secret=SECRET):
        url = service.create()
        types = service.client.type_factory(ACCESS)
        given = {"Grantee": types.AmazonCustomerByEmail(EmailAddress="wzph@example.com"),
                 "Permission": "SendMessage"}
        service.call("AddGrant", url, Request=given)
        listed = service.result("ListGrants", url)["GrantList"]
        equal({it["Permission"] for it in listed}, {"FULLCONTROL", "SENDMESSAGE"})
        wanted = {"Grantee": given["Grantee"]}
        (grant,) = service.result("ListGrants", url, Request=wanted)["GrantList"]
        equal((grant["Permission"], grant["Grantee"]["DisplayName"]), ("SENDMESSAGE", "wzph"))
        user = types.CanonicalUser(ID=grant["Grantee"]["ID"])
        service.call("RemoveGrant", url, Request={"Grantee": user, "Permission": "SendMessage"})
        (grant,) = service.result("ListGrants", url)["GrantList"]
        equal(grant["Permission"], "FULLCONTROL")


def case_signed_calls_are_let_in_and_others_are_not(_, endpoint):
    for service in services(endpoint, secret=SECRET):
        url = service.create()
        service.send(url, "signed")
        ((key, body),) = service.receive(url)
        equal(body, "signed")
        options = {"endpoint": endpoint, "dates": (service.date,)}
        wrong = "AuthFailure" if service.first else "SignatureDoesNotMatch"
        none = "AuthFailure" if service.first else "MissingCredentials"
        for code, other in [
            (wrong, next(services(secret="other", **options))),
            ("InvalidSecurity", next(services(secret=SECRET, skew_s=-1000, **options))),
            ("InvalidSecurity", next(services(secret=SECRET, skew_s=1000, **options))),
            (none, next(services(**options))),
        ]:
            refused(code, other.delete, url, key)
            refused(code, other.send, url, "refused")
        equal(service.receive(url), [])
        (today,) = modern(endpoint).list_queues(
            QueueNamePrefix=url.rsplit("/", 1)[1])["QueueUrls"]
        counted = modern(endpoint).get_queue_attributes(
            QueueUrl=today, AttributeNames=["All"])["Attributes"]
        equal((counted["ApproximateNumberOfMessages"],
               counted["ApproximateNumberOfMessagesNotVisible"]), ("0", "1"))
        service.delete(url, key)


def case_the_schemas_were_used(endpoint, _):
    service = Service(endpoint, "2007-05-01")
    service.create()
    equal(service.schemas.seen, 2)


if __name__ == "__main__":
    sys.exit(not run(sys.modules[__name__], *sys.argv[1:3]))
