"""`dispatch` as one writes it with boto3 and Powertools: what is due is fenced, mailed
and confirmed."""

import os
from datetime import datetime, timezone

import boto3
from aws_lambda_powertools import Logger
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from botocore.exceptions import ClientError

SHARDS = 4
BODY = "<p>Hola {name},</p><p>gracias por tu compra {bought}.</p>"

logger = Logger(service="dispatch")
table = boto3.resource("dynamodb").Table(os.environ["PEER_TABLE"])
ses = boto3.client("sesv2", config=Config(retries={"max_attempts": 0}))


def move(touch: dict, old: str, new: str, more: str = "") -> bool:
    try:
        table.update_item(
            Key={"pk": touch["pk"], "sk": touch["sk"]},
            UpdateExpression=f"SET #state = :new {more}",
            ConditionExpression="#state = :old",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":new": new, ":old": old},
        )
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False


def send(touch: dict) -> bool:
    state = table.get_item(Key={"pk": touch["pk"], "sk": "state"}, ConsistentRead=True)["Item"]
    if "email" not in state or not move(touch, "due", "sending"):
        return False
    body = BODY.format(name=state["name"]["given"], bought=touch["sk"].rsplit("#", 1)[1])
    ses.send_email(
        FromEmailAddress="hola@example.com",
        Destination={"ToAddresses": [state["email"]]},
        Content={"Simple": {"Subject": {"Data": "Gracias"}, "Body": {"Html": {"Data": body}}}},
    )
    return move(touch, "sending", "sent", "REMOVE due_shard")


def handler(event: dict, context: object) -> dict:
    now, sent = datetime.now(timezone.utc).isoformat(), 0
    for shard in range(SHARDS):
        condition = Key("due_shard").eq(f"due#{shard}") & Key("due").lte(now)
        page = table.query(IndexName="due", KeyConditionExpression=condition)
        sent += sum(send(touch) for touch in page["Items"])
    logger.info({"sent": sent})
    return {"sent": sent}
