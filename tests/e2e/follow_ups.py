"""The follow-ups after a purchase, end to end. Start it with `tests/e2e/run`.

Two customers buy. One gets a mail and the other a call, each exactly once, however
often the same events come again. An event that fits no schema is set aside and
holds nobody up. Nothing personal leaves in the events out.
"""

import datetime
import json
import pathlib
import sys
import tempfile
import time

import restored
from emulator import Emulator
from links import Links
from sources import PERSONAL as OF_SHOPIFY, Sources, order
from shop import (
    PURCHASE_AGE,
    Deploy,
    Shop,
    check_no_personal_data_out,
    check_nothing_left_behind,
    deployed,
    equal,
    rules_at_any_hour,
    step,
    wait_for,
)

FIRST_TICK_SECONDS = 90  # the schedule fires every 60 s
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


def check_quarantine(shop: Shop) -> None:
    """The metric filter of the template would count it."""
    counted = [fields["quarantined_events"] for fields in shop.logged_fields("IngestFunction") if "quarantined_events" in fields]
    assert counted and all(count > 0 for count in counted), f"quarantined_events in the log of ingest: {counted}"


def check_shopify(aws: Emulator, shop: Shop) -> None:
    """Two customers of Shopify's: one is mailed, one is called, by whichever way their
    orders come, and however often."""
    shopify = Sources(aws, shop.stack)
    mailed = order(701, {"id": 501, "first_name": "Noemi Arriaga", "email": "noemi@customer.example"}, PURCHASE_AGE)
    called = order(702, {"id": 502, "first_name": "Bruno"}, PURCHASE_AGE)
    body = json.dumps(mailed).encode()
    shopify.check_refusals(body)
    # What the till knew of the one to call before they bought.
    known = datetime.datetime.now(datetime.timezone.utc) - PURCHASE_AGE - datetime.timedelta(hours=1)
    at = known.isoformat(timespec="seconds")
    shop.publish([("CustomerUpdated", CALLED | {"customer_id": "shopify-502", "occurred_at": at})])
    for secret in ("shpss_e2e_new", "shpss_e2e_old"):
        equal("the answer to a signed post", shopify.post("shopify", body, secret), 200)
    for _ in range(2):
        shopify.put(mailed)
        shopify.put(called)
    shop.await_ingest()
    for _ in range(2):
        shop.tick()
    time.sleep(SETTLE_SECONDS)
    recipients = sorted(mail["To"][0] for mail in aws.mails())
    equal("recipients of mail", recipients, sorted([MAILED["email"], "noemi@customer.example"]))
    called_ids = sorted(call["detail"]["customer_id"] for call in shop.calls())
    equal("customers to call", called_ids, sorted([CALLED["customer_id"], "shopify-502"]))


def scenario(aws: Emulator, shop: Shop, policy: dict, again: Deploy) -> None:
    shop.tick()
    restored.copy_of(aws, shop.stack["TableName"])
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

    shop.replay("e2e")
    shop.tick()
    shop.tick()
    time.sleep(SETTLE_SECONDS)
    check_one_mail_and_one_call(aws, shop)
    step("the archive replayed changes nothing")

    Links(aws, shop.stack).check(MAILED["customer_id"])
    step("a made-up link is not found; one of ours asks, and acts only when it is clicked")

    check_shopify(aws, shop)
    step("Shopify by signed posts and by a partner bus: one mail, one call; forged posts are refused")

    restored.check(aws, shop, again, MAILED)
    step("a restored table sends nothing before it knows, and no mail twice after that")

    check_no_personal_data_out(shop.events_out(), PERSONAL + OF_SHOPIFY)
    check_quarantine(shop)
    check_nothing_left_behind(shop, PERSONAL + OF_SHOPIFY)
    step("nothing personal in the events out and the logs, dead-letter queues empty")


def main() -> int:
    zips, arch = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="lazo-e2e-rules-") as directory:
        rules, policy = rules_at_any_hour(pathlib.Path(directory))
        step("starting the emulator")
        with Emulator(rules) as aws, deployed(aws, zips, arch, policy) as (stack, again):
            scenario(aws, Shop(aws, stack), policy, again)
    step("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
