"""What SES tells of a mail, as EventBridge brings it. The emulator publishes none of
that and keeps no tags, so the tags are made from the touch, as functions/mailer/tags.rs
makes them."""

import base64
import datetime
import json

from emulator import REGION, Emulator
from shop import ENTRIES_MAX

ACCOUNT = "000000000000"  # the emulator's
TAG_CHARS_MAX = 256


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def tags(touch: dict, configuration_set: str) -> dict[str, list[str]]:
    whole = base64url(f"{touch['rule']}/{touch['customer']}/{touch['occurrence']}/{touch['step']}")
    assert len(whole) <= TAG_CHARS_MAX, "a longer touch is told by its hash"
    return {
        "ses:configuration-set": [configuration_set],
        "touch": [whole],
        "customer": [base64url(touch["customer"])],
    }


def delivered(mail: dict, touch: dict, configuration_set: str) -> dict:
    """The event that a mail was delivered."""
    def at(seconds: float) -> str:
        time = datetime.datetime.fromtimestamp(mail["Timestamp"] + seconds, datetime.timezone.utc)
        return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    about = {
        "timestamp": at(0),
        "source": mail["Source"],
        "messageId": mail["MessageId"],
        "destination": mail["To"],
        "tags": tags(touch, configuration_set),
    }
    delivery = {"timestamp": at(1), "recipients": mail["To"]}
    return {
        "version": "0",
        "id": f"{mail['MessageId']} delivered",
        "source": "aws.ses",
        "detail-type": "Email Delivered",
        "account": ACCOUNT,
        "time": at(0),
        "region": REGION,
        "resources": [],
        "detail": {"mail": about, "eventType": "Delivery", "delivery": delivery},
    }


class DefaultBus:
    """Nobody but SES can publish as SES, on the emulator as on AWS. So an event is held
    against the pattern of the stack's rule and goes to the rule's target from here."""

    def __init__(self, aws: Emulator, queue_url: str):
        self.events, self.sqs, self.queue_url = aws.client("events"), aws.client("sqs"), queue_url
        rule = aws.resource("MailEvents")
        self.pattern = self.events.describe_rule(Name=rule)["EventPattern"]
        targets = self.events.list_targets_by_rule(Rule=rule)["Targets"]
        queue = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        assert [target["Arn"] for target in targets] == [queue["Attributes"]["QueueArn"]], targets

    def publish(self, events: list[dict]) -> None:
        bodies = [json.dumps(event) for event in events]
        for body in bodies:
            matched = self.events.test_event_pattern(EventPattern=self.pattern, Event=body)["Result"]
            assert matched, f"the rule of the template does not take {body}"
        for first in range(0, len(bodies), ENTRIES_MAX):
            batch = bodies[first : first + ENTRIES_MAX]
            messages = [{"Id": str(index), "MessageBody": body} for index, body in enumerate(batch)]
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=messages)
            assert not answer.get("Failed"), answer["Failed"]
