"""A table that is restored from a copy: nothing goes out of it before `lazo restore`, and
no mail twice after it.

The emulator has no archive of SES's events, since it publishes none, and no recovery to a
point in time. So the copy is made item by item, and what the archive of mails would bring
comes to the feedback queue from here. The rest is as on AWS: the stack is deployed with
RestoredTable, the archive of the shop's events is replayed, and the functions do theirs.
"""

import os
import subprocess

from emulator import REGION, Emulator
from ses_events import DefaultBus, delivered
from shop import Deploy, Shop, equal
from table import Table

COPY = "lazo-restored"
KEPT = ("AttributeDefinitions", "KeySchema", "BillingMode")
OF_INDEX = ("IndexName", "KeySchema", "Projection")


def copy_of(aws: Emulator, table: str) -> None:
    """A copy of the table as it is now."""
    dynamodb = aws.client("dynamodb")
    described = dynamodb.describe_table(TableName=table)["Table"]
    indexes = [{name: index[name] for name in OF_INDEX} for index in described["GlobalSecondaryIndexes"]]
    parts = {name: described[name] for name in KEPT if name in described} | {"BillingMode": "PAY_PER_REQUEST"}
    dynamodb.create_table(TableName=COPY, GlobalSecondaryIndexes=indexes, **parts)
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        for item in page["Items"]:
            dynamodb.put_item(TableName=COPY, Item=item)


def lazo(aws: Emulator, *words: str) -> str:
    """What the program says of the copy."""
    environment = aws.environment | {"AWS_ENDPOINT_URL": aws.url, "AWS_REGION": REGION, "NO_PROXY": "127.0.0.1"}
    command = [os.environ["LAZO_BIN"], "--table", COPY, *words]
    done = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


def check(aws: Emulator, shop: Shop, again: Deploy, mailed: dict) -> None:
    """The copy takes the place of the stack's own table. `mailed` is a customer who got
    a mail since it was made."""
    before = aws.mails()
    touch = Table(aws, shop.stack).touches()[mailed["customer_id"]]["touch"]
    mail = next(mail for mail in before if mail["To"] == [mailed["email"]])
    shop.stack = again(RestoredTable=COPY)
    equal("the table in use", shop.stack["TableName"], COPY)
    shop.replay("e2e-restore")
    equal("what a restored table sends", shop.tick()["sent"], 0)
    told = delivered(mail, touch, aws.resource("ConfigurationSet"))
    DefaultBus(aws, shop.stack["FeedbackQueueUrl"]).publish([told])
    shop.await_empty("FeedbackQueueUrl")
    equal("what it sends while it learns", shop.tick()["sent"], 0)
    said = lazo(aws, "restore", "--no-replay", "--yes")
    assert "sends from here on" in said, said
    for _ in range(3):
        shop.tick()
    recipients = [sorted(mail["To"] for mail in mails) for mails in (aws.mails(), before)]
    equal("mails after the restore", recipients[0], recipients[1])
