"""boto3 and a server in its own process, which it finds by the environment alone."""

import os
import sys

import boto3
import forebay
from cases import equal, run
from forebay.testing import FROM_OUTSIDE, environment


def case_the_environment_leads_to_the_server():
    with forebay.serve(test=True) as endpoint:
        os.environ.update(environment(endpoint))
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
        equal(sqs.receive_message(QueueUrl=url).get("Messages"), None)
        endpoint.advance(900)
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        equal(message["Body"], "later")
        equal(endpoint.store.get_queue("orders").counts().in_flight, 1)
        endpoint.reset()
        equal(sqs.list_queues().get("QueueUrls"), None)


def case_an_endpoint_is_an_endpoint_url():
    with forebay.open("mem:") as store:
        store.create_queue("orders").send(b"from the library")
        with forebay.serve(store) as endpoint:
            os.environ.update(environment("http://127.0.0.1:9"))
            sqs = boto3.client("sqs", endpoint_url=endpoint)
            url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
            [message] = sqs.receive_message(QueueUrl=url)["Messages"]
            equal(message["Body"], "from the library")
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        equal(store.get_queue("orders").peek(), [])


if __name__ == "__main__":
    for name in FROM_OUTSIDE:
        os.environ.pop(name, None)
    sys.exit(0 if run(sys.modules[__name__]) else 1)
