"""200 purchases through a storm. Start it with `tests/e2e/run faults`.

Half of the customers get a mail and half a call. Between the functions and AWS, a proxy
throttles, loses requests and loses answers, on every service and operation that the
functions call, at rates drawn from a seed (LAZO_E2E_SEED). In the end every customer
was contacted exactly once. Only where a mail was lost on its way to SES, nobody can
tell that from a lost answer: the touch is listed for somebody to look at, and never
sent again by itself.

Two things differ from the stack as deployed, and both only make time pass: queues give
back what failed after seconds instead of three minutes, and between the runs of dispatch
what is pending is made older in the table (see table.py).
"""

import concurrent.futures
import datetime
import json
import os
import pathlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable

from emulator import Emulator
from proxy import LOST_ANSWER, LOST_REQUEST, THROTTLE, THROTTLES, Proxy
from ses_events import DefaultBus, delivered
from shop import (
    PURCHASE_AGE,
    Shop,
    check_no_personal_data_out,
    check_nothing_left_behind,
    deployed,
    equal,
    rules_at_any_hour,
    step,
)
from table import Table, answer

SEED = int(os.environ.get("LAZO_E2E_SEED", "1"))
CUSTOMERS = 200
MAILS_PER_SECOND = 40  # so that turns are taken, which cost an UpdateItem each few

# Three faults in a row exhaust the SDK's retries, so that of 100 calls one or two fail
# for the function itself. SES's are never retried.
RATES = {
    "dynamodb": {THROTTLE: 0.06, LOST_REQUEST: 0.06, LOST_ANSWER: 0.10},
    "events": {THROTTLE: 0.08, LOST_REQUEST: 0.08, LOST_ANSWER: 0.14},
    "sesv2": {THROTTLE: 0.15, LOST_REQUEST: 0.08, LOST_ANSWER: 0.15},
}
SELDOM = {"DeleteItem"}  # so few requests that there may be no fault among them
ROUNDS_MAX = 12
WORKERS = 2  # runs of dispatch at a time
VISIBILITY_SECONDS = 8
QUEUE_SECONDS = 120

MINUTES = datetime.timedelta(minutes=2, seconds=5)  # put-backs and settling wait two at most
# How many events one request to EventBridge carries at most.
EVENTS_A_REQUEST = 10
HOUR = datetime.timedelta(hours=1)  # how long SES has to tell of a mail

PERSONAL = ["Lucero", "Montes", "customer.example", "+5255555"]


class Customers:
    """Who buys: those with an even number are mailed, the others are called."""

    def __init__(self, count: int):
        self.all = [self._profile(number) for number in range(count)]
        self.mailed = {c["customer_id"]: c["email"] for c in self.all if c["relationship"] == "transactional"}
        self.called = {c["customer_id"] for c in self.all} - self.mailed.keys()

    @staticmethod
    def _profile(number: int) -> dict:
        is_called = number % 2
        profile = {
            "customer_id": f"e2e-{number:03}",
            "name": {"given": "Ana", "family": "Montes" if is_called else "Lucero"},
            "email": f"ana.{number:03}@customer.example",
            "phone": f"+5255555{number:05}",
            "locale": "es-MX",
            "time_zone": "America/Mexico_City",
            "country": "MX",
            "relationship": "dedicated" if is_called else "transactional",
        }
        return profile | ({"account_manager": "sofia"} if is_called else {})

    def profiles(self, at: str) -> list[tuple[str, dict]]:
        return [("CustomerUpdated", profile | {"occurred_at": at}) for profile in self.all]

    def purchases(self, at: str) -> list[tuple[str, dict]]:
        common = {
            "occurred_at": at,
            "total": {"amount": "129.90", "currency": "MXN"},
            "items": [{"sku": "VELA-COPAL", "name": "Vela Copal", "quantity": 1}],
        }
        ids = [profile["customer_id"] for profile in self.all]
        return [
            ("PurchaseCompleted", {"customer_id": id, "purchase_id": f"purchase-{id}"} | common) for id in ids
        ]


class Ses:
    """What SES tells of the mails that it took. Of one whose answer was lost it says
    nothing until it is asked to: its events are best effort and may come late."""

    def __init__(self, aws: Emulator, stack: dict[str, str], table: Table, customers: Customers):
        self.aws, self.table = aws, table
        self.bus = DefaultBus(aws, stack["FeedbackQueueUrl"])
        self.configuration_set = stack["ConfigurationSetName"]
        self.customer_of = {email: id for id, email in customers.mailed.items()}
        self.told: set[str] = set()
        self.late: dict | None = None

    def recipients(self) -> list[str]:
        return [self.customer_of[address] for mail in self.aws.mails() for address in mail["To"]]

    def tell(self) -> None:
        """Of every mail that it took since."""
        touches = self.table.touches()
        mails = [mail for mail in self.aws.mails() if mail["MessageId"] not in self.told]
        if self.late is None:
            fenced = [mail for mail in mails if self._touch(mail, touches)["state"] == "fenced"]
            self.late = fenced[0] if fenced else None
        self._publish([mail for mail in mails if mail is not self.late], touches)
        self.told |= {mail["MessageId"] for mail in mails}

    def tell_late(self) -> None:
        self._publish([self.late], self.table.touches())

    def _touch(self, mail: dict, touches: dict[str, dict]) -> dict:
        return touches[self.customer_of[mail["To"][0]]]

    def _publish(self, mails: list[dict], touches: dict[str, dict]) -> None:
        touch = lambda mail: self._touch(mail, touches)["touch"]
        self.bus.publish([delivered(mail, touch(mail), self.configuration_set) for mail in mails])


class Storm:
    """The run: the stack, those who look at it, and what was counted."""

    def __init__(self, aws: Emulator, stack: dict[str, str], proxy: Proxy):
        self.aws, self.stack, self.proxy = aws, stack, proxy
        self.shop = Shop(aws, stack, QUEUE_SECONDS)
        self.table = Table(aws, stack)
        self.customers = Customers(CUSTOMERS)
        self.ses = Ses(aws, stack, self.table, self.customers)
        # What each run of dispatch answered; of one that failed as a whole, its error.
        self.reports: list[dict] = []
        self.failed_runs: list[str] = []
        bought = datetime.datetime.now(datetime.timezone.utc) - PURCHASE_AGE
        self.at = bought.isoformat(timespec="seconds")

    def prepare(self) -> None:
        """Makes failed batches come again soon, and stops the schedule: another worker
        at any time could be at work while time is made to pass."""
        for queue in ("IngestQueueUrl", "FeedbackQueueUrl"):
            attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
            self.shop.sqs.set_queue_attributes(QueueUrl=self.stack[queue], Attributes=attributes)
        scheduler = self.aws.client("scheduler")
        for schedule in scheduler.list_schedules()["Schedules"]:
            scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])

    def round(self) -> None:
        """Runs of dispatch at the same time; then SES tells, and feedback hears."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
            done = list(workers.map(lambda _: self.shop.run_dispatch(), range(WORKERS)))
        self.reports += [json.loads(said) for went_well, said in done if went_well]
        self.failed_runs += [said for went_well, said in done if not went_well]
        self.ses.tell()
        self.shop.await_empty("FeedbackQueueUrl")

    def rounds(self, what: str, left: Callable[[], list]) -> None:
        """As many as it takes until nothing is left, each after some minutes."""
        for number in range(1, ROUNDS_MAX + 1):
            self.round()
            count = len(left())
            step(f"{what}, round {number}: {len(self.aws.mails())} mails in all; {count} left")
            if count == 0:
                return
            self.table.pass_time(MINUTES)
        raise AssertionError(f"{what}: {count} left after {ROUNDS_MAX} rounds, among them {left()[0]}")

    def unfinished(self) -> list[dict]:
        """What still goes on by itself; a mail without an answer waits for SES."""
        return [enrolment for enrolment in self.table.enrolments() if answer(enrolment) == "expected"]

    def unlisted(self) -> list[dict]:
        return [enrolment for enrolment in self.table.enrolments() if answer(enrolment) != "listed"]

    def logged(self, field: str) -> int:
        """The sum of a counter in the logs."""
        functions = ("IngestFunction", "DispatchFunction", "FeedbackFunction")
        return sum(line.get(field, 0) for line in self._log(*functions))

    def given_up(self) -> int:
        """How often a function gave a customer or an event up, for another to come."""
        return self._told(lambda line: "could not be" in line.get("message", ""), "failed")

    def lost_events(self) -> int:
        """How many events out the functions say may be lost."""
        return self._told(lambda line: line.get("lost_events", 0), "not_notified")

    def _told(self, count: Callable[[dict], int], reported: str) -> int:
        """What the logs say. A run of dispatch says it in its report as well: the
        emulator loses lines of a log where the machine is busy."""
        of_runs = sum(report[reported] for report in self.reports)
        logged = sum(map(count, self.shop.logged_fields("DispatchFunction")))
        others = sum(map(count, self._log("IngestFunction", "FeedbackFunction")))
        return others + max(logged, of_runs)

    def _log(self, *functions: str) -> list[dict]:
        return [line for function in functions for line in self.shop.logged_fields(function)]


def follow_up(run: Storm) -> None:
    """From the events in to the mails and calls."""
    run.proxy.storm(RATES)
    step(f"storm with seed {SEED}; the profiles of {CUSTOMERS} customers")
    run.shop.publish(run.customers.profiles(run.at))
    equal("customers", len(run.table.customers()), CUSTOMERS)
    step("each bought 50 hours ago")
    run.shop.publish(run.customers.purchases(run.at))
    equal("pending follow-ups", len(run.table.enrolments()), CUSTOMERS)
    step("all are pending")

    run.rounds("dispatch", run.unfinished)


def settle_unknown(run: Storm) -> list[str]:
    """What became of the mails of which SES told nothing. Returns the customers whose
    mail did not go out."""
    assert run.ses.late, "no answer of SES was lost: another seed or higher rates"
    silent = {enrolment["occurrence"] for enrolment in run.table.enrolments()}
    equal("touches listed before the hour is over", run.table.failures(), [])
    run.table.pass_time(HOUR)
    run.rounds("an hour later", run.unlisted)
    listed = run.table.failures()
    equal("kinds of failures", {failure["kind"] for failure in listed}, {"unknown_send"})
    occurrences = Counter(failure["text"].split("/")[2] for failure in listed)
    equal("touches listed after an hour", occurrences, Counter(silent))
    # Each worker that lists it counts it, and it is one entry all the same.
    logged = run.logged("unknown_sends")
    assert logged >= len(listed), f"the alarm counts unknown_sends: {logged}, of {len(listed)} listed"
    step(f"{len(listed)} mails of which nobody knows are listed")

    run.ses.tell_late()
    run.shop.await_empty("FeedbackQueueUrl")
    unsent = [failure["text"].split("/")[1] for failure in run.table.failures()]
    equal("touches that a late event of SES takes off the list", len(listed) - len(unsent), 1)
    step("SES tells of one of them late, and it is off the list")
    return unsent


def repeat(run: Storm) -> None:
    """Everything once more, an hour and more after it was done."""
    run.shop.publish([*run.customers.purchases(run.at), *run.customers.profiles(run.at)])
    run.table.pass_time(HOUR)
    run.round()
    step("the same events published again change nothing")


def check_once(run: Storm, unsent: list[str]) -> None:
    """Every customer was contacted exactly once; of the unsent, somebody is told."""
    faults = run.proxy.faults()
    customers, touches = run.customers, run.table.touches()
    equal("customers with a touch", touches.keys(), customers.mailed.keys() | customers.called)
    expected = Counter(customers.mailed.keys() - set(unsent))
    equal("mails by customer", Counter(run.ses.recipients()), expected)
    assert set(unsent) <= customers.mailed.keys(), unsent
    # Beside those lost on the way to SES, there are a few of which the table's word was
    # lost: a worker that does not know its own fence for its own does not go on.
    lost = faults["sesv2", "SendEmail", LOST_REQUEST]
    fences = faults["dynamodb", "TransactWriteItems", LOST_ANSWER]
    assert lost <= len(unsent) <= lost + fences, f"{len(unsent)} mails are listed, {lost} were lost"
    states = {id: touch["state"] for id, touch in touches.items()}
    equal("states in the ledger", states, {id: "fenced" if id in unsent else "sent" for id in states})
    requests = len(run.aws.mails()) + lost + faults["sesv2", "SendEmail", THROTTLE]
    equal("requests to SES", run.proxy.requests("sesv2"), requests)
    calls = Counter(call["touch"]["customer"] for call in run.table.calls() if call["status"] == "open")
    equal("open calls by customer", calls, Counter(customers.called))


def check_events_out(run: Storm, unsent: list[str]) -> tuple[int, int]:
    """A request is published until EventBridge says that it has it, so it may be told
    twice where an answer was lost. A report is published at most once, after what it
    tells of is in the table: it is lost where EventBridge never took it, or where all
    answers of the table were lost. Returns how many were told twice and how many lost."""
    out = run.shop.events_out()
    check_no_personal_data_out(out, PERSONAL)
    # That the first version of the rules is live names no customer.
    out = [event for event in out if event["detail-type"] != "RulesPublished"]
    told = Counter((event["detail-type"], event["detail"]["customer_id"]) for event in out)
    equal("kinds of events out", {kind for kind, _ in told}, {"CallRequested", "EmailSent"})
    called = {id for kind, id in told if kind == "CallRequested"}
    equal("customers to call", called, run.customers.called)
    mailed = {id for kind, id in told if kind == "EmailSent"}
    missing = run.customers.mailed.keys() - set(unsent) - mailed
    assert mailed <= run.customers.mailed.keys() - set(unsent), "a mail was reported that was not sent"
    explained = run.lost_events() + run.given_up()
    assert len(missing) <= explained, (
        f"{len(missing)} events out are missing, {explained} are explained: {sorted(missing)}, "
        f"{run.reports}, {run.failed_runs}"
    )
    doubled = sum(count - 1 for count in told.values())
    # One request carries several events: the answer to all of them is lost at once, and
    # each is published again. A customer who was given up between a request and its
    # confirmation is asked for once more, by each worker that finds the fence.
    lost = run.proxy.faults()["events", "PutEvents", LOST_ANSWER]
    explained = EVENTS_A_REQUEST * lost + WORKERS * run.given_up()
    assert doubled <= explained, f"{doubled} events out came twice, the faults explain {explained}"
    return doubled, len(missing)


def check_faults(run: Storm) -> None:
    faults = run.proxy.faults()
    print("  faults            throttles  lost requests  lost answers")
    for service, operation in THROTTLES:
        counts = [faults[service, operation, kind] for kind in (THROTTLE, LOST_REQUEST, LOST_ANSWER)]
        print("  {:<20}{:>7}{:>15}{:>14}".format(operation, *counts))
    hit = {operation for _, operation, _ in faults}
    quiet = [operation for _, operation in THROTTLES if operation not in hit | SELDOM]
    equal("operations without a fault", quiet, [])
    kinds = {(service, kind) for service, _, kind in faults}
    missing = {(service, kind) for service in RATES for kind in RATES[service]} - kinds
    equal("kinds of faults that never came", missing, set())


def check(run: Storm, unsent: list[str]) -> None:
    check_faults(run)
    check_once(run, unsent)
    doubled, missing = check_events_out(run, unsent)
    for queue in ("IngestQueueUrl", "FeedbackQueueUrl"):
        equal(f"messages in {queue}", run.shop.depth(queue), 0)
    check_nothing_left_behind(run.shop, PERSONAL)
    lost = run.proxy.faults()["sesv2", "SendEmail", LOST_REQUEST]
    print(f"  {len(run.customers.called)} called and {len(run.aws.mails())} mailed, each once")
    print(f"  {len(unsent)} not mailed, but listed: {lost} mails were lost on their way to SES,")
    print(f"  {len(unsent) - lost} stayed behind a fence, as the table's word on it was lost")
    print(f"  events out: {doubled} told twice, {missing} reports of a mail lost")
    print(f"  {run.given_up()} customers and events were given up for a while, after three faults in a row")
    runs, failed = len(run.reports) + len(run.failed_runs), len(run.failed_runs)
    print(f"  {runs} runs of dispatch, {failed} of them failed as a whole", flush=True)


def main() -> int:
    zips, arch = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="lazo-e2e-rules-") as directory:
        rules, policy = rules_at_any_hour(pathlib.Path(directory), mails_per_second=MAILS_PER_SECOND)
        proxy = Proxy(SEED)
        step("starting the emulator and the fault proxy")
        with (
            Emulator(rules, proxy.url) as aws,
            proxy.before(aws.url),
            deployed(aws, zips, arch, policy) as (stack, _),
        ):
            run = Storm(aws, stack, proxy)
            run.prepare()
            follow_up(run)
            unsent = settle_unknown(run)
            repeat(run)
            check(run, unsent)
    step("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
