"""REST of 2006-04-01 and 2007-05-01 by http.client, signed as its guide says."""

import base64
import hmac
import http.client
import urllib.parse
import xml.etree.ElementTree as ElementTree
from email.utils import formatdate

from cases import equal


class Rest:
    """A version of REST with a pair of keys."""

    def __init__(self, endpoint, key, secret, version="2006-04-01"):
        self.address = urllib.parse.urlsplit(endpoint).netloc
        self.key, self.secret, self.version = key, secret, version
        self.space = f"{{http://queue.amazonaws.com/doc/{version}/}}"

    def answer(self, method, address, body=b""):
        """The status and the root of the answer to a signed request."""
        date, kind = formatdate(usegmt=True), "text/plain"
        text = f"{method}\n\n{kind}\n{date}\n{address.split('?')[0]}"
        digest = hmac.digest(self.secret.encode(), text.encode(), "sha1")
        headers = {
            "AWS-Version": self.version,
            "Authorization": f"AWS {self.key}:{base64.b64encode(digest).decode()}",
            "Content-Type": kind,
            "Date": date,
        }
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        root = ElementTree.fromstring(answer.read())
        connection.close()
        return answer.status, root

    def call(self, method, address, body=b""):
        """The root of an answer that succeeds."""
        status, root = self.answer(method, address, body)
        equal((status, root.findtext(".//Code")), (200, None))
        return root

    def refused(self, method, address, body=b""):
        """The status and the code of an answer that does not."""
        status, root = self.answer(method, address, body)
        return status, root.findtext(".//Code")

    def create(self, name):
        """Creates a queue; its path."""
        root = self.call("POST", f"/?QueueName={name}")
        return urllib.parse.urlsplit(root.findtext(self.space + "QueueUrl")).path

    def send(self, queue, body):
        """Sends a message, as bytes; its id."""
        return self.call("PUT", f"{queue}/back", body).findtext(self.space + "MessageId")

    def receive(self, queue):
        """Pairs of id and body."""
        messages = self.call("GET", f"{queue}/front").findall(self.space + "Message")
        names = ("MessageId", "MessageBody")
        return [tuple(it.findtext(self.space + name) for name in names) for it in messages]

    def delete(self, queue, message):
        """Deletes a message by its id."""
        self.call("DELETE", f"{queue}/{urllib.parse.quote(message)}")
