"""`ingest` as one writes it with boto3 and Powertools: purchases count once, and each
has a thank-you mail due at ten on the next day in the customer's time zone."""

import json
import os
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

SHARDS = 4
PROFILE = ("name", "email", "phone", "locale", "time_zone")

dynamodb = boto3.resource("dynamodb")
table = dynamodb.Table(os.environ["PEER_TABLE"])
processor = BatchProcessor(event_type=EventType.SQS)


def profile(detail: dict) -> None:
    known = {name: detail[name] for name in PROFILE if name in detail}
    table.update_item(
        Key={"pk": f"customer#{detail['customer_id']}", "sk": "state"},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in known),
        ExpressionAttributeNames={f"#{name}": name for name in known},
        ExpressionAttributeValues={f":{name}": value for name, value in known.items()},
    )


def due_at(detail: dict) -> datetime:
    state = table.get_item(Key={"pk": f"customer#{detail['customer_id']}", "sk": "state"}).get("Item", {})
    zone = ZoneInfo(state.get("time_zone", "America/Mexico_City"))
    day = datetime.fromisoformat(detail["occurred_at"]).astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(day, time(10), zone)


def purchase(detail: dict) -> None:
    customer, bought = detail["customer_id"], detail["purchase_id"]
    due = due_at(detail).astimezone(ZoneInfo("UTC")).isoformat()
    key = {"pk": f"customer#{customer}"}
    event = key | {"sk": f"event#PurchaseCompleted#{bought}", "detail": json.dumps(detail)}
    touch = key | {
        "sk": f"touch#thank-you-mail#{bought}",
        "state": "due",
        "due_shard": f"due#{hash(customer) % SHARDS}",
        "due": due,
    }
    name, unless_there = table.name, "attribute_not_exists(pk)"
    try:
        table.meta.client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": event, "ConditionExpression": unless_there}},
                {"Put": {"TableName": name, "Item": touch, "ConditionExpression": unless_there}},
                {
                    "Update": {
                        "TableName": name,
                        "Key": key | {"sk": "state"},
                        "UpdateExpression": "ADD purchases :one, spent :total",
                        "ExpressionAttributeValues": {
                            ":one": 1,
                            ":total": Decimal(detail["total"]["amount"]),
                        },
                    }
                },
            ]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise


KINDS = {"CustomerUpdated": profile, "PurchaseCompleted": purchase}


def take(record: SQSRecord) -> None:
    event = json.loads(record.body)
    KINDS[event["detail-type"]](event["detail"])


def handler(event: dict, context: object) -> dict:
    return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
