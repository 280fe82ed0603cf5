"""aiobotocore against a server: `aio.py ENDPOINT`."""

import asyncio
import functools
import hashlib
import json
import sys
import uuid

from aiobotocore.session import get_session
from botocore.exceptions import ClientError
from cases import equal, run
from digest import attributes_md5


def asynchronous(case):
    """Runs a case with a client of its own, in an event loop of its own."""

    @functools.wraps(case)
    def whole(endpoint):
        async def body():
            async with get_session().create_client(
                "sqs",
                endpoint_url=endpoint,
                region_name="eu-north-1",
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="secret",
            ) as sqs:
                await case(sqs)

        asyncio.run(body())

    return whole


async def new_queue(sqs, suffix="", **attributes):
    name = f"aio-{uuid.uuid4().hex[:12]}{suffix}"
    if suffix:
        attributes["FifoQueue"] = "true"
    return (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]


async def messages_of(sqs, url, **options):
    found = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **options)
    return found.get("Messages", [])


async def refused(call, code, name):
    """Fails unless `call` is refused with this code, as this exception."""
    try:
        await call
    except ClientError as error:
        equal((error.response["Error"]["Code"], type(error).__name__), (code, name))
    else:
        raise AssertionError(f"was not refused; expected {code}")


@asynchronous
async def case_a_message_with_attributes(sqs):
    url = await new_queue(sqs)
    attributes = {
        "Text": {"DataType": "String", "StringValue": "v\u20ac<&>"},
        "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff\r\n"},
    }
    body = "line\r\nnext \U0001f600"
    sent = await sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    equal(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
    equal(sent["MD5OfMessageAttributes"], attributes_md5(attributes))
    (message,) = await messages_of(sqs, url, WaitTimeSeconds=5, MessageAttributeNames=["All"],
                                   MessageSystemAttributeNames=["All"])
    equal((message["Body"], message["MessageId"]), (body, sent["MessageId"]))
    equal(message["MessageAttributes"], attributes)
    equal(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    equal(message["Attributes"]["ApproximateReceiveCount"], "1")
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    equal(await messages_of(sqs, url), [])


@asynchronous
async def case_batches(sqs):
    url = await new_queue(sqs)
    entries = [{"Id": f"e{n}", "MessageBody": f"b{n}"} for n in range(9)]
    entries.append({"Id": "bad", "MessageBody": "late", "DelaySeconds": 901})
    sent = await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    equal((len(sent["Successful"]), sent["Failed"][0]["Id"]), (9, "bad"))
    messages = await messages_of(sqs, url)
    handles = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
               for n, message in enumerate(messages)]
    changed = await sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{**handle, "VisibilityTimeout": 60} for handle in handles])
    equal(len(changed["Successful"]), 9)
    deleted = await sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    equal((len(deleted["Successful"]), "Failed" in deleted), (9, False))


@asynchronous
async def case_fifo(sqs):
    url = await new_queue(sqs, ".fifo", ContentBasedDeduplication="true")
    for body in ("a", "b", "a"):
        await sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    equal([message["Body"] for message in await messages_of(sqs, url)], ["a", "b"])
    equal(await messages_of(sqs, url), [])


@asynchronous
async def case_visibility(sqs):
    url = await new_queue(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="again")
    (message,) = await messages_of(sqs, url)
    equal(await messages_of(sqs, url), [])
    await sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    (message,) = await messages_of(sqs, url, AttributeNames=["ApproximateReceiveCount"])
    equal(message["Attributes"], {"ApproximateReceiveCount": "2"})


@asynchronous
async def case_polls_wait_together(sqs):
    urls = [await new_queue(sqs) for _ in range(8)]
    polls = [asyncio.create_task(messages_of(sqs, url, WaitTimeSeconds=20)) for url in urls]
    await asyncio.sleep(0.2)
    for url in urls:
        await sqs.send_message(QueueUrl=url, MessageBody=url)
    found = await asyncio.gather(*polls)
    equal([[message["Body"] for message in messages] for messages in found],
          [[url] for url in urls])


@asynchronous
async def case_a_cancelled_poll_takes_nothing(sqs):
    url = await new_queue(sqs)
    poll = asyncio.create_task(messages_of(sqs, url, WaitTimeSeconds=20))
    await asyncio.sleep(0.2)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    await sqs.send_message(QueueUrl=url, MessageBody="kept")
    (message,) = await messages_of(sqs, url, WaitTimeSeconds=5)
    equal(message["Body"], "kept")


@asynchronous
async def case_dead_letters_and_redrive(sqs):
    dead = await new_queue(sqs)
    found = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    arn = found["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    url = await new_queue(sqs, RedrivePolicy=policy)
    await sqs.send_message(QueueUrl=url, MessageBody="twice")
    equal(len(await messages_of(sqs, url, VisibilityTimeout=0)), 1)
    equal(await messages_of(sqs, url), [])
    (message,) = await messages_of(sqs, dead, VisibilityTimeout=0)
    equal(message["Body"], "twice")
    await sqs.start_message_move_task(SourceArn=arn)
    (message,) = await messages_of(sqs, url, WaitTimeSeconds=20)
    equal(message["Body"], "twice")


@asynchronous
async def case_attributes_tags_and_lists(sqs):
    url = await new_queue(sqs, VisibilityTimeout="31")
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    found = await sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["VisibilityTimeout", "DelaySeconds"])
    equal(found["Attributes"], {"VisibilityTimeout": "31", "DelaySeconds": "1"})
    await sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "2"})
    await sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    equal((await sqs.list_queue_tags(QueueUrl=url))["Tags"], {"b": "2"})
    name = url.rsplit("/", 1)[1]
    urls = []
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=name,
                                                      PaginationConfig={"PageSize": 1})
    async for page in pages:
        urls += page.get("QueueUrls", [])
    equal(urls, [url])


@asynchronous
async def case_purge_deletion_and_errors(sqs):
    url = await new_queue(sqs)
    await sqs.send_message(QueueUrl=url, MessageBody="gone")
    await sqs.purge_queue(QueueUrl=url)
    equal(await messages_of(sqs, url), [])
    prefix = "AWS.SimpleQueueService."
    await refused(sqs.purge_queue(QueueUrl=url),
                  prefix + "PurgeQueueInProgress", "PurgeQueueInProgress")
    await refused(sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense"),
                  "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")
    await sqs.delete_queue(QueueUrl=url)
    await refused(sqs.get_queue_url(QueueName=url.rsplit("/", 1)[1]),
                  prefix + "NonExistentQueue", "QueueDoesNotExist")


if __name__ == "__main__":
    sys.exit(0 if run(sys.modules["__main__"], sys.argv[1]) else 1)
