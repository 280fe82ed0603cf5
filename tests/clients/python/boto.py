"""boto3 against a server: `boto.py ENDPOINT json|query`. The same cases in both protocols."""

import hashlib
import json
import sys
import time
import uuid

import boto3
from cases import equal, refused, run
from digest import attributes_md5

REGION = "eu-central-1"


def connect(endpoint, region=REGION, key="AKIDEXAMPLE", secret="secret"):
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def new_queue(sqs, suffix="", **attributes):
    name = f"q-{uuid.uuid4().hex[:12]}{suffix}"
    if suffix:
        attributes["FifoQueue"] = "true"
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def case_urls_echo_the_host(sqs, endpoint):
    url = new_queue(sqs)
    equal(url.rsplit("/", 2)[:2], [endpoint, "000000000000"])
    name = url.rsplit("/", 1)[1]
    equal(sqs.get_queue_url(QueueName=name)["QueueUrl"], url)
    equal(sqs.get_queue_attributes(QueueUrl=url + "/", AttributeNames=["QueueArn"])["Attributes"],
          {"QueueArn": f"arn:aws:sqs:{REGION}:000000000000:{name}"})
    sqs.send_message(QueueUrl=f"http://elsewhere.example/000000000000/{name}", MessageBody="a")


def case_a_queue_belongs_to_its_region(sqs, endpoint):
    url = new_queue(sqs)
    other = connect(endpoint, region="us-west-2")
    refused(other.purge_queue, "AWS.SimpleQueueService.NonExistentQueue", QueueUrl=url)


def case_send_receive_delete(sqs, _):
    url = new_queue(sqs)
    attributes = {
        "Text": {"DataType": "String", "StringValue": "v\u20ac<&>\"'"},
        "Count": {"DataType": "Number.int", "StringValue": "42"},
        "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff\r\n"},
    }
    body = "line\r\nnext\ttab <&>\"' \u20ac \U0001f600"
    sent = sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
    equal(sent["MD5OfMessageBody"], hashlib.md5(body.encode()).hexdigest())
    equal(sent["MD5OfMessageAttributes"], attributes_md5(attributes))
    assert "SequenceNumber" not in sent
    found = sqs.receive_message(QueueUrl=url, AttributeNames=["All"],
                                MessageAttributeNames=["All"], WaitTimeSeconds=2)
    (message,) = found["Messages"]
    equal(message["Body"], body)
    equal(message["MessageId"], sent["MessageId"])
    equal(message["MD5OfBody"], sent["MD5OfMessageBody"])
    equal(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    equal(message["MessageAttributes"], attributes)
    equal(message["Attributes"]["ApproximateReceiveCount"], "1")
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 600
    for _ in range(2):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def case_only_what_is_asked_for(sqs, _):
    url = new_queue(sqs)
    attributes = {name: {"DataType": "String", "StringValue": "x"} for name in ("a.b", "a.c", "d")}
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=attributes)

    def receive(**names):
        found = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, **names)
        return found["Messages"][0]

    plain = receive()
    for absent in ("Attributes", "MessageAttributes", "MD5OfMessageAttributes"):
        assert absent not in plain, absent
    some = receive(MessageAttributeNames=["a.*"], AttributeNames=["SenderId"])
    equal(sorted(some["MessageAttributes"]), ["a.b", "a.c"])
    equal(some["MD5OfMessageAttributes"], attributes_md5(some["MessageAttributes"]))
    equal(some["Attributes"], {"SenderId": "000000000000"})


def case_batches(sqs, _):
    url = new_queue(sqs)
    entries = [{"Id": f"e{n}", "MessageBody": f"b{n}"} for n in range(9)]
    entries.append({"Id": "bad", "MessageBody": "late", "DelaySeconds": 901})
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    equal(sorted(entry["Id"] for entry in sent["Successful"]), [f"e{n}" for n in range(9)])
    (failed,) = sent["Failed"]
    equal((failed["Id"], failed["Code"], failed["SenderFault"]),
          ("bad", "InvalidParameterValue", True))
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    equal(len(messages), 9)
    changes = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 60}
               for n, message in enumerate(messages)]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)
    equal(len(changed["Successful"]), 9)
    deletes = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
               for n, message in enumerate(messages)]
    deletes[0]["ReceiptHandle"] = "nonsense"
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=deletes)
    equal(len(deleted["Successful"]), 8)
    equal(deleted["Failed"][0]["Code"], "ReceiptHandleIsInvalid")


def case_batch_refusals(sqs, _):
    url = new_queue(sqs)
    prefix = "AWS.SimpleQueueService."

    def send(entries, code, name):
        refused(sqs.send_message_batch, prefix + code, name, 400, QueueUrl=url, Entries=entries)

    entry = {"Id": "a", "MessageBody": "x"}
    send([], "EmptyBatchRequest", "EmptyBatchRequest")
    send([entry, entry], "BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct")
    send([{**entry, "Id": "not ok"}], "InvalidBatchEntryId", "InvalidBatchEntryId")
    send([{**entry, "Id": str(n)} for n in range(11)],
         "TooManyEntriesInBatchRequest", "TooManyEntriesInBatchRequest")
    half = "x" * (512 * 1024)
    send([{"Id": str(n), "MessageBody": half} for n in range(3)],
         "BatchRequestTooLong", "BatchRequestTooLong")


def case_fifo(sqs, _):
    url = new_queue(sqs, ".fifo", ContentBasedDeduplication="true")
    first = sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="g")
    again = sqs.send_message(QueueUrl=url, MessageBody="a", MessageGroupId="g")
    equal(again["MessageId"], first["MessageId"])
    equal(len(first["SequenceNumber"]), 20)
    sqs.send_message(QueueUrl=url, MessageBody="b", MessageGroupId="g")
    found = sqs.receive_message(QueueUrl=url, AttributeNames=["All"],
                                ReceiveRequestAttemptId="try")["Messages"]
    equal([message["Body"] for message in found], ["a"])
    equal(found[0]["Attributes"]["MessageGroupId"], "g")
    equal(found[0]["Attributes"]["SequenceNumber"], first["SequenceNumber"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    equal(message["Body"], "b")
    text = refused(sqs.send_message, "MissingParameter", QueueUrl=url, MessageBody="c")
    equal(text, "The request must contain the parameter MessageGroupId.")


def case_visibility(sqs, _):
    url = new_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    equal(message["Attributes"]["ApproximateReceiveCount"], "2")
    refused(sqs.change_message_visibility, "InvalidParameterValue", QueueUrl=url,
            ReceiptHandle=handle, VisibilityTimeout=43201)
    refused(sqs.change_message_visibility, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid",
            QueueUrl=url, ReceiptHandle="nonsense", VisibilityTimeout=1)


def case_long_poll_gets_a_later_message(sqs, _):
    import threading

    url = new_queue(sqs)
    timer = threading.Timer(0.5, sqs.send_message, kwargs={"QueueUrl": url, "MessageBody": "x"})
    timer.start()
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    timer.join()
    equal(message["Body"], "x")


def case_dead_letters_and_redrive(sqs, _):
    dead = new_queue(sqs)
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    arn = arn["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    url = new_queue(sqs, RedrivePolicy=policy)
    equal(sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
    sqs.send_message(QueueUrl=url, MessageBody="m")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (message,) = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0,
                                     AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(url.rsplit("/", 1)[1])
    assert sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    for _ in range(200):
        (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
        if task["Status"] != "RUNNING":
            break
        time.sleep(0.05)
    equal(task["Status"], "COMPLETED")
    equal(task["ApproximateNumberOfMessagesMoved"], 1)
    assert "TaskHandle" not in task
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    equal(message["Body"], "m")
    refused(sqs.start_message_move_task, "ResourceNotFoundException", "ResourceNotFoundException",
            404, SourceArn=arn + "-missing")
    refused(sqs.cancel_message_move_task, "InvalidParameterValue", TaskHandle="nonsense")


def case_attributes(sqs, _):
    url = new_queue(sqs, VisibilityTimeout="31")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    equal(found["VisibilityTimeout"], "31")
    equal(len(found), 12)
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    equal(found, {"DelaySeconds": "1"})
    name = url.rsplit("/", 1)[1]
    text = refused(sqs.create_queue, "QueueAlreadyExists", "QueueNameExists", 400,
                   QueueName=name, Attributes={"DelaySeconds": "0"})
    assert text.endswith("attribute DelaySeconds"), text
    equal(sqs.create_queue(QueueName=name)["QueueUrl"], url)
    refused(sqs.get_queue_attributes, "InvalidAttributeName", "InvalidAttributeName",
            QueueUrl=url, AttributeNames=["Nothing"])
    refused(sqs.set_queue_attributes, "InvalidAttributeValue",
            QueueUrl=url, Attributes={"DelaySeconds": "901"})


def case_tags(sqs, _):
    name = f"t-{uuid.uuid4().hex[:12]}"
    url = sqs.create_queue(QueueName=name, tags={"a": "1"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"b": "", "c": "\u20ac"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "absent"])
    equal(sqs.list_queue_tags(QueueUrl=url)["Tags"], {"b": "", "c": "\u20ac"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["b", "c"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


def case_lists_in_pages(sqs, _):
    prefix = f"page-{uuid.uuid4().hex[:8]}-"
    for n in range(5):
        sqs.create_queue(QueueName=f"{prefix}{n}")
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix=prefix + "none")
    whole = sqs.list_queues(QueueNamePrefix=prefix)
    equal(len(whole["QueueUrls"]), 5)
    assert "NextToken" not in whole
    pages = sqs.get_paginator("list_queues").paginate(
        QueueNamePrefix=prefix, PaginationConfig={"PageSize": 2})
    urls = [page["QueueUrls"] for page in pages]
    equal([len(page) for page in urls], [2, 2, 1])
    equal(sum(urls, []), whole["QueueUrls"])


def case_purge_and_delete(sqs, _):
    url = new_queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.purge_queue(QueueUrl=url)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    refused(sqs.purge_queue, "AWS.SimpleQueueService.PurgeQueueInProgress",
            "PurgeQueueInProgress", 403, QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    refused(sqs.send_message, missing, "QueueDoesNotExist", 400, QueueUrl=url, MessageBody="x")
    name = url.rsplit("/", 1)[1]
    refused(sqs.get_queue_url, missing, "QueueDoesNotExist", 400, QueueName=name)
    refused(sqs.create_queue, "AWS.SimpleQueueService.QueueDeletedRecently",
            "QueueDeletedRecently", 400, QueueName=name)


def case_content(sqs, _):
    url = new_queue(sqs)
    refused(sqs.send_message, "InvalidMessageContents", "InvalidMessageContents",
            QueueUrl=url, MessageBody="\x0b")
    refused(sqs.send_message, "MissingParameter", QueueUrl=url, MessageBody="")
    refused(sqs.send_message, "InvalidParameterValue", QueueUrl=url, MessageBody="x" * 1048577)
    largest = "\u00e9" * (1048576 // 2)
    sqs.send_message(QueueUrl=url, MessageBody=largest)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    equal(message["Body"] == largest, True)


def case_system_attributes(sqs, _):
    url = new_queue(sqs)
    header = {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x",
                            MessageSystemAttributes={"AWSTraceHeader": header})
    equal(sent["MD5OfMessageSystemAttributes"], attributes_md5({"AWSTraceHeader": header}))
    found = sqs.receive_message(QueueUrl=url, AttributeNames=["AWSTraceHeader"])["Messages"][0]
    equal(found["Attributes"], {"AWSTraceHeader": header["StringValue"]})


if __name__ == "__main__":
    client = connect(sys.argv[1])
    equal(client.meta.service_model.protocol_name
          if hasattr(client.meta.service_model, "protocol_name")
          else client.meta.service_model.metadata["protocol"], sys.argv[2])
    sys.exit(0 if run(sys.modules["__main__"], client, sys.argv[1]) else 1)
