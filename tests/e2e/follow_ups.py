"""The follow-ups after a purchase, end to end. Start it with `tests/e2e/run`.

Two customers buy. One gets a mail and the other a call, each exactly once, however
often the same events come again. An event that fits no schema is set aside and
holds nobody up. Nothing personal leaves in the events out.
"""

import datetime
import json
import pathlib
import shutil
import sys
import tempfile
import time

import yaml

from emulator import ROOT, Emulator
from links import Links

# A thank-you falls due on the day after the purchase at the rule's time of day,
# 24 to 48 hours later. So a purchase of 50 hours ago is due now, whatever the hour
# in the customer's time zone; and it is younger than the policy's max_trigger_age.
PURCHASE_AGE = datetime.timedelta(hours=50)

FIRST_TICK_SECONDS = 90  # the schedule fires every 60 s
QUEUE_SECONDS = 60
SETTLE_SECONDS = 2  # for what should not come; calls and mails come at once

MAILED = {
    "customer_id": "e2e-mailed",
    "name": {"given": "Ana", "family": "Lucero"},
    "email": "ana.lucero@customer.example",
    "locale": "es-MX",
    "time_zone": "America/Mexico_City",
    "country": "MX",
    "relationship": "transactional",
}
CALLED = {
    "customer_id": "e2e-called",
    "name": {"given": "Bruno", "family": "Montes"},
    "email": "bruno.montes@customer.example",
    "phone": "+525555550142",
    "locale": "es-MX",
    "time_zone": "America/Mexico_City",
    "country": "MX",
    "relationship": "dedicated",
    "account_manager": "sofia",
}
PERSONAL = ["Lucero", "Montes", "customer.example", "+525555550142"]

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


def rules_at_any_hour(target: pathlib.Path) -> tuple[pathlib.Path, dict]:
    """The shop's own rules and templates with windows that are always open, so that
    this passes at night and on Sundays too. Returns the rules and the policy."""
    shutil.copytree(ROOT / "infra/templates", target / "templates")
    rules = shutil.copytree(ROOT / "infra/rules", target / "rules")
    policy = yaml.safe_load((rules / "policy.yaml").read_text())
    always = {"mon-sun": "00:00-24:00"}
    policy["windows"] = {channel: always for channel in policy["windows"]}
    policy.pop("by_country", None)
    policy["closed_days"] = []
    (rules / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False))
    return rules, policy


def purchases() -> list[tuple[str, dict]]:
    at = datetime.datetime.now(datetime.timezone.utc) - PURCHASE_AGE
    common = {
        "occurred_at": at.isoformat(timespec="seconds"),
        "total": {"amount": "129.90", "currency": "MXN"},
        "items": [{"sku": "VELA-COPAL", "name": "Vela Copal", "quantity": 1}],
    }
    return [
        ("PurchaseCompleted", {"customer_id": customer["customer_id"], "purchase_id": purchase} | common)
        for customer, purchase in [(MAILED, "e2e-purchase-1"), (CALLED, "e2e-purchase-2")]
    ]


def profiles() -> list[tuple[str, dict]]:
    at = datetime.datetime.now(datetime.timezone.utc) - PURCHASE_AGE
    occurred = {"occurred_at": at.isoformat(timespec="seconds")}
    return [("CustomerUpdated", customer | occurred) for customer in (MAILED, CALLED)]


class Shop:
    """The shop's side and the onlooker's: publishes events, sees what comes out."""

    def __init__(self, aws: Emulator, stack: dict[str, str]):
        self.aws, self.stack = aws, stack
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
        equal("refused events", self.events.put_events(Entries=entries)["FailedEntryCount"], 0)
        self.await_ingest()

    def replay(self) -> None:
        runs = self.runs("IngestFunction")
        now = datetime.datetime.now(datetime.timezone.utc)
        self.events.start_replay(
            ReplayName="e2e",
            EventSourceArn=self.archive,
            EventStartTime=now - datetime.timedelta(hours=1),
            EventEndTime=now + datetime.timedelta(hours=1),
            Destination={"Arn": self.stack["BusArn"]},
        )
        wait_for("the replay", QUEUE_SECONDS, lambda: self.events.describe_replay(ReplayName="e2e")["State"] == "COMPLETED")
        self.await_ingest()
        assert self.runs("IngestFunction") > runs, "the replay reached nobody"

    def depth(self, queue: str) -> int:
        """Messages in a queue, those being worked on included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=self.stack[queue], AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def await_ingest(self) -> None:
        """Until the ingest queue has been empty twice in a row, a second apart."""
        def empty() -> bool:
            if self.depth("IngestQueueUrl"):
                return False
            time.sleep(1)
            return self.depth("IngestQueueUrl") == 0

        time.sleep(0.5)
        wait_for("ingest to empty its queue", QUEUE_SECONDS, empty)

    def tick(self) -> None:
        """One run of dispatch, without waiting for the schedule."""
        answer = self.functions.invoke(FunctionName=self.stack["DispatchFunction"], Payload=b"{}")
        body = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, f"dispatch failed: {body}"

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
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.stack[function]}")
        return [event["message"].rstrip() for page in pages for event in page["events"]]

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


def check_one_mail_and_one_call(aws: Emulator, shop: Shop) -> None:
    mails, calls = aws.mails(), shop.calls()
    equal("recipients of mail", [mail["To"] for mail in mails], [[MAILED["email"]]])
    equal("customers to call", [call["detail"]["customer_id"] for call in calls], [CALLED["customer_id"]])


def check_mail(mail: dict, policy: dict) -> None:
    assert policy["brand"]["from"] in mail["Source"], f"sender: {mail['Source']!r}"
    assert mail["Subject"].strip(), "the mail has no subject"
    for part in ("BodyText", "BodyHtml"):
        text = mail[part] or ""
        assert "{{" not in text and "{%" not in text, f"{part} holds an unrendered template"


def check_events_out(events: list[dict]) -> None:
    for event in events:
        equal("source", event["source"], "lazo")
        detail = json.dumps(event["detail"], ensure_ascii=False)
        leaked = [word for word in PERSONAL if word in detail]
        assert not leaked, f"{event['detail-type']} holds personal data: {detail}"


def check_quarantine(shop: Shop) -> None:
    """The metric filter of the template would count it."""
    counted = [fields["quarantined_events"] for fields in shop.logged_fields("IngestFunction") if "quarantined_events" in fields]
    assert counted and all(count > 0 for count in counted), f"quarantined_events in the log of ingest: {counted}"


def check_nothing_left_behind(shop: Shop) -> None:
    for queue in ("IngestDeadLettersUrl", "UndeliveredEventsUrl", "LostTicksUrl"):
        equal(f"messages in {queue}", shop.depth(queue), 0)
    for function in ("IngestFunction", "DispatchFunction", "LinksFunction"):
        lines = shop.log_lines(function)
        denied = [line for line in lines if "not authorized" in line or "AccessDenied" in line]
        assert not denied, f"{function} lacks a permission: {denied[0]}"
        leaked = [line for line in lines if any(word in line for word in PERSONAL)]
        assert not leaked, f"{function} logs personal data: {leaked[0]}"


def scenario(aws: Emulator, shop: Shop, policy: dict) -> None:
    step("a customer to mail and one to call; an event that fits no schema among theirs")
    shop.publish([*profiles(), ("PurchaseCompleted", {"customer_id": MAILED["customer_id"], "total": "free"})])
    step("both bought 50 hours ago")
    shop.publish(purchases())

    step("waiting for the schedule to run dispatch")
    wait_for("the mail", FIRST_TICK_SECONDS, aws.mails)
    wait_for("the call", FIRST_TICK_SECONDS, shop.calls)
    time.sleep(SETTLE_SECONDS)
    check_one_mail_and_one_call(aws, shop)
    check_mail(aws.mails()[0], policy)
    step("one mail, one call")

    shop.publish([*purchases(), *profiles()])
    shop.tick()
    time.sleep(SETTLE_SECONDS)
    check_one_mail_and_one_call(aws, shop)
    step("the same events published again change nothing")

    shop.replay()
    shop.tick()
    shop.tick()
    time.sleep(SETTLE_SECONDS)
    check_one_mail_and_one_call(aws, shop)
    step("the archive replayed changes nothing")

    Links(aws, shop.stack).check(MAILED["customer_id"])
    step("a made-up link is not found; one of ours asks, and acts only when it is clicked")

    check_events_out(shop.events_out())
    check_quarantine(shop)
    check_nothing_left_behind(shop)
    step("nothing personal in the events out and the logs, dead-letter queues empty")


def main() -> int:
    zips, arch = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="lazo-e2e-rules-") as directory:
        rules, policy = rules_at_any_hour(pathlib.Path(directory))
        step("starting the emulator")
        with Emulator(rules) as aws:
            sender = policy["brand"]["from"]
            aws.client("sesv2").create_email_identity(EmailIdentity=sender)
            step("sam deploy")
            stack = aws.deploy(zips, MailFrom=sender, Architecture=arch)
            shop = Shop(aws, stack)
            try:
                scenario(aws, shop, policy)
            except BaseException:
                for function in ("IngestFunction", "DispatchFunction", "LinksFunction"):
                    print(f"--- log of {function}", *shop.log_lines(function)[-40:], sep="\n")
                print("--- log of the emulator", aws.tail(), sep="\n", flush=True)
                raise
    step("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
