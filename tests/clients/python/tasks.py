"""A Celery application over SQS; the endpoint is in the environment."""

import os

from celery import Celery

ENDPOINT = os.environ["SQS_ENDPOINT"]

app = Celery("tasks")
app.conf.update(
    broker_url=f"sqs://AKIDEXAMPLE:secret@{ENDPOINT.split('//')[1]}//",
    broker_transport_options={
        "is_secure": False,
        "region": "us-east-1",
        "wait_time_seconds": 1,
        "polling_interval": 0.05,
        "visibility_timeout": 60,
    },
    task_default_queue="celery-tasks",
    task_acks_late=True,
    worker_prefetch_multiplier=10,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=False,
)


@app.task
def add(number):
    """Notes that the task of this number ran; a line of a file is written at once."""
    with open(os.environ["RAN"], "a", encoding="ascii") as file:
        file.write(f"{number}\n")
