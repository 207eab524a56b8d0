"""What the end-to-end runs share: the stack deployed, the shop that publishes to it
and sees what comes out."""

import contextlib
import datetime
import functools
import json
import pathlib
import shutil
import time
from collections.abc import Callable, Iterator

import yaml

import sources
from emulator import ROOT, Emulator

# A thank-you falls due on the day after the purchase at the rule's time of day,
# 24 to 48 hours later. So a purchase of 50 hours ago is due now, whatever the hour
# in the customer's time zone; and it is younger than the policy's max_trigger_age.
PURCHASE_AGE = datetime.timedelta(hours=50)

FUNCTIONS = ("IngestFunction", "DispatchFunction", "FeedbackFunction", "LinksFunction", "WebhooksFunction")
DEAD_LETTERS = (
    "IngestDeadLettersUrl",
    "UndeliveredEventsUrl",
    "FeedbackDeadLettersUrl",
    "UndeliveredMailEventsUrl",
    "LostTicksUrl",
)
QUEUE_SECONDS = 60
ENTRIES_MAX = 10  # what one PutEvents takes
LOG_LINES_SHOWN = 40

Deploy = Callable[..., dict[str, str]]

started = time.monotonic()


def step(text: str) -> None:
    print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)


def wait_for(what: str, seconds: float, ready):
    """Polls `ready` until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")


def equal(what: str, got, expected) -> None:
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}"


def rules_at_any_hour(target: pathlib.Path, **more) -> tuple[pathlib.Path, dict]:
    """The shop's own rules and templates with windows that are always open, so that
    this passes at night and on Sundays too; `more` goes into the policy. Returns the
    rules and the policy."""
    shutil.copytree(ROOT / "infra/templates", target / "templates")
    rules = shutil.copytree(ROOT / "infra/rules", target / "rules")
    policy = yaml.safe_load((rules / "policy.yaml").read_text())
    always = {"mon-sun": "00:00-24:00"}
    policy["windows"] = {channel: always for channel in policy["windows"]}
    policy.pop("by_country", None)
    policy["closed_days"] = []
    policy |= more
    (rules / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False))
    return rules, policy


def log_lines(logs, function: str) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
    return [event["message"].rstrip() for page in pages for event in page["events"]]


class Shop:
    """The shop's side and the onlooker's: publishes events, sees what comes out."""

    def __init__(self, aws: Emulator, stack: dict[str, str], queue_seconds: float = QUEUE_SECONDS):
        self.aws, self.stack, self.queue_seconds = aws, stack, queue_seconds
        self.events, self.sqs = aws.client("events"), aws.client("sqs")
        self.functions, self.logs = aws.client("lambda"), aws.client("logs")
        self.seen: list[dict] = []
        self.onlooker = self._watch_events_out()
        self.archive = self._archive()

    def _watch_events_out(self) -> str:
        """A queue that receives whatever Lazo publishes."""
        url = self.sqs.create_queue(QueueName="e2e-events-out")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        rule = self.events.put_rule(
            Name="e2e-events-out",
            EventBusName=self.stack["BusName"],
            EventPattern=json.dumps({"source": ["lazo"]}),
        )
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule["RuleArn"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        self.events.put_targets(
            Rule="e2e-events-out",
            EventBusName=self.stack["BusName"],
            Targets=[{"Id": "onlooker", "Arn": arn}],
        )
        return url

    def _archive(self) -> str:
        """The archive that the template defines and that the emulator cannot deploy."""
        return self.events.create_archive(
            ArchiveName="e2e",
            EventSourceArn=self.stack["BusArn"],
            EventPattern=json.dumps({"source": ["shop"]}),
        )["ArchiveArn"]

    def publish(self, events: list[tuple[str, dict]]) -> None:
        entries = [
            {
                "EventBusName": self.stack["BusName"],
                "Source": "shop",
                "DetailType": name,
                "Detail": json.dumps(detail),
            }
            for name, detail in events
        ]
        for first in range(0, len(entries), ENTRIES_MAX):
            answer = self.events.put_events(Entries=entries[first : first + ENTRIES_MAX])
            equal("refused events", answer["FailedEntryCount"], 0)
        self.await_ingest()

    def replay(self, name: str) -> None:
        runs = self.runs("IngestFunction")
        now = datetime.datetime.now(datetime.timezone.utc)
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=self.archive,
            EventStartTime=now - datetime.timedelta(hours=1),
            EventEndTime=now + datetime.timedelta(hours=1),
            Destination={"Arn": self.stack["BusArn"]},
        )
        wait_for("the replay", QUEUE_SECONDS, lambda: self.events.describe_replay(ReplayName=name)["State"] == "COMPLETED")
        self.await_ingest()
        assert self.runs("IngestFunction") > runs, "the replay reached nobody"

    def depth(self, queue: str) -> int:
        """Messages in a queue, those being worked on included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.stack[queue], AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def await_ingest(self) -> None:
        self.await_empty("IngestQueueUrl")

    def await_empty(self, queue: str) -> None:
        """Until the queue has been empty twice in a row, a second apart."""
        def empty() -> bool:
            if self.depth(queue):
                return False
            time.sleep(1)
            return self.depth(queue) == 0

        time.sleep(0.5)
        wait_for(f"{queue} to be emptied", self.queue_seconds, empty)

    def run_dispatch(self) -> tuple[bool, str]:
        """One run of dispatch, without waiting for the schedule: whether it went
        well, and what it said."""
        answer = self.functions.invoke(FunctionName=self.stack["DispatchFunction"], Payload=b"{}")
        return "FunctionError" not in answer, answer["Payload"].read().decode()

    def tick(self) -> dict:
        """One run of dispatch that must go well, and its report."""
        went_well, said = self.run_dispatch()
        assert went_well, f"dispatch failed: {said}"
        return json.loads(said)

    def events_out(self) -> list[dict]:
        """Every event that Lazo has published so far."""
        while True:
            got = self.sqs.receive_message(QueueUrl=self.onlooker, MaxNumberOfMessages=10).get("Messages", [])
            if not got:
                return self.seen
            for message in got:
                self.seen.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.onlooker, ReceiptHandle=message["ReceiptHandle"])

    def calls(self) -> list[dict]:
        return [event for event in self.events_out() if event["detail-type"] == "CallRequested"]

    def log_lines(self, function: str) -> list[str]:
        return log_lines(self.logs, self.stack[function])

    def runs(self, function: str) -> int:
        return sum(line.startswith("START ") for line in self.log_lines(function))

    def logged_fields(self, function: str) -> list[dict]:
        """The fields of the function's own log lines, which are JSON."""
        found = []
        for line in self.log_lines(function):
            try:
                found.append(json.loads(line).get("fields", {}))
            except (ValueError, AttributeError):
                pass  # START, END, REPORT
        return found


def check_no_personal_data_out(events: list[dict], personal: list[str]) -> None:
    for event in events:
        equal("source", event["source"], "lazo")
        detail = json.dumps(event["detail"], ensure_ascii=False)
        leaked = [word for word in personal if word in detail]
        assert not leaked, f"{event['detail-type']} holds personal data: {detail}"


def check_nothing_left_behind(shop: Shop, personal: list[str]) -> None:
    for queue in DEAD_LETTERS:
        equal(f"messages in {queue}", shop.depth(queue), 0)
    for function in FUNCTIONS:
        lines = shop.log_lines(function)
        denied = [line for line in lines if "not authorized" in line or "AccessDenied" in line]
        assert not denied, f"{function} lacks a permission: {denied[0]}"
        leaked = [line for line in lines if any(word in line for word in personal)]
        assert not leaked, f"{function} logs personal data: {leaked[0]}"


@contextlib.contextmanager
def deployed(aws: Emulator, zips: pathlib.Path, arch: str, policy: dict) -> Iterator[tuple[dict[str, str], Deploy]]:
    """The stack on a started emulator, by its outputs, and what deploys it again with
    other parameters. Where what is done with it fails, the logs of its functions and of
    the emulator are shown."""
    sender = policy["brand"]["from"]
    aws.client("sesv2").create_email_identity(EmailIdentity=sender)
    step("sam deploy")
    again = functools.partial(aws.deploy, zips, MailFrom=sender, Architecture=arch, **sources.parameters(aws))
    stack = again()
    try:
        yield stack, again
    except BaseException:
        for function in FUNCTIONS:
            lines = log_lines(aws.client("logs"), stack[function])
            print(f"--- log of {function}", *lines[-LOG_LINES_SHOWN:], sep="\n")
        print("--- log of the emulator", aws.tail(), sep="\n", flush=True)
        raise
