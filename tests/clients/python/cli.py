"""The AWS command line against a server: `cli.py ENDPOINT AWS`."""

import json
import os
import subprocess
import sys

from cases import equal, run

ENVIRONMENT = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_PAGER": "",
}


def aws(endpoint, program, *arguments, code=0):
    """Runs one command; its JSON, or the text of its failure."""
    command = [program, "--endpoint-url", endpoint, "--output", "json", "sqs", *arguments]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    equal((done.returncode, done.stderr if code == 0 else ""), (code, ""))
    if code:
        return done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else {}


def case_a_queue_from_creation_to_deletion(endpoint, program):
    def call(*arguments, **options):
        return aws(endpoint, program, *arguments, **options)

    url = call("create-queue", "--queue-name", "cli", "--attributes", "DelaySeconds=0",
               "--tags", "team=a")["QueueUrl"]
    equal(call("get-queue-url", "--queue-name", "cli")["QueueUrl"], url)
    equal(call("list-queue-tags", "--queue-url", url), {"Tags": {"team": "a"}})
    sent = call("send-message", "--queue-url", url, "--message-body", "from the shell",
                "--message-attributes", '{"k":{"DataType":"String","StringValue":"v"}}')
    found = call("receive-message", "--queue-url", url, "--wait-time-seconds", "2",
                 "--message-attribute-names", "All", "--message-system-attribute-names", "All")
    (message,) = found["Messages"]
    equal((message["Body"], message["MessageId"]), ("from the shell", sent["MessageId"]))
    equal(message["MessageAttributes"]["k"]["StringValue"], "v")
    handle = message["ReceiptHandle"]
    call("change-message-visibility", "--queue-url", url, "--receipt-handle", handle,
         "--visibility-timeout", "60")
    call("delete-message", "--queue-url", url, "--receipt-handle", handle)
    equal(call("receive-message", "--queue-url", url), {})
    call("purge-queue", "--queue-url", url)
    call("delete-queue", "--queue-url", url)
    text = call("get-queue-url", "--queue-name", "cli", code=255)
    assert "(AWS.SimpleQueueService.NonExistentQueue)" in text, text


def case_batches_order_and_visibility(endpoint, program):
    def call(*arguments, **options):
        return aws(endpoint, program, *arguments, **options)

    url = call("create-queue", "--queue-name", "cli.fifo", "--attributes",
               "FifoQueue=true,ContentBasedDeduplication=true")["QueueUrl"]
    entries = [{"Id": f"e{n}", "MessageBody": body, "MessageGroupId": "g"}
               for n, body in enumerate("aba")]
    sent = call("send-message-batch", "--queue-url", url, "--entries", json.dumps(entries))
    equal(len(sent["Successful"]), 3)
    receive = ("receive-message", "--queue-url", url, "--max-number-of-messages", "10")
    messages = call(*receive)["Messages"]
    equal([message["Body"] for message in messages], ["a", "b"])
    handles = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
               for n, message in enumerate(messages)]
    changes = json.dumps([{**handle, "VisibilityTimeout": 0} for handle in handles])
    changed = call("change-message-visibility-batch", "--queue-url", url, "--entries", changes)
    equal(len(changed["Successful"]), 2)
    equal([message["Body"] for message in call(*receive)["Messages"]], ["a", "b"])
    deleted = call("delete-message-batch", "--queue-url", url, "--entries",
                   json.dumps([{"Id": "x", "ReceiptHandle": "nonsense"}]))
    equal(deleted["Failed"][0]["Code"], "ReceiptHandleIsInvalid")


def case_dead_letters_and_redrive(endpoint, program):
    def call(*arguments):
        return aws(endpoint, program, *arguments)

    dead = call("create-queue", "--queue-name", "cli-dead")["QueueUrl"]
    arn = call("get-queue-attributes", "--queue-url", dead, "--attribute-names", "QueueArn")
    arn = arn["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})
    url = call("create-queue", "--queue-name", "cli-source")["QueueUrl"]
    call("set-queue-attributes", "--queue-url", url,
         "--attributes", json.dumps({"RedrivePolicy": policy}))
    equal(call("list-dead-letter-source-queues", "--queue-url", dead)["queueUrls"], [url])
    call("send-message", "--queue-url", url, "--message-body", "twice")
    receive = ("receive-message", "--queue-url", url)
    equal(len(call(*receive, "--visibility-timeout", "0")["Messages"]), 1)
    equal(call(*receive), {})
    assert call("start-message-move-task", "--source-arn", arn)["TaskHandle"]
    (message,) = call(*receive, "--wait-time-seconds", "20")["Messages"]
    equal(message["Body"], "twice")
    (task,) = call("list-message-move-tasks", "--source-arn", arn)["Results"]
    equal(task["ApproximateNumberOfMessagesMoved"], 1)
    call("tag-queue", "--queue-url", url, "--tags", "a=1,b=2")
    call("untag-queue", "--queue-url", url, "--tag-keys", "a")
    equal(call("list-queue-tags", "--queue-url", url), {"Tags": {"b": "2"}})


def case_pages_are_followed(endpoint, program):
    names = [f"cli-page-{n}" for n in range(3)]
    for name in names:
        aws(endpoint, program, "create-queue", "--queue-name", name)
    found = aws(endpoint, program, "list-queues", "--queue-name-prefix", "cli-page-",
                "--page-size", "1")
    equal([url.rsplit("/", 1)[1] for url in found["QueueUrls"]], names)


if __name__ == "__main__":
    sys.exit(0 if run(sys.modules["__main__"], *sys.argv[1:]) else 1)
