"""The table as an onlooker sees it; and time made to pass in it."""

import datetime

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from emulator import Emulator


def sending(enrolment: dict) -> dict | None:
    """The touch of an enrolment as it is on its way out."""
    phase = enrolment.get("phase", {})
    return phase.get("sending") if isinstance(phase, dict) else None


def answer(enrolment: dict) -> str:
    """What is known of how its sending went: expected, lost or listed."""
    return (sending(enrolment) or {}).get("answer", "expected")


def awaits_report(enrolment: dict) -> bool:
    return "awaiting_report" in enrolment.get("phase", {})


class Table:
    def __init__(self, aws: Emulator, stack: dict[str, str]):
        self.dynamodb, self.name = aws.client("dynamodb"), stack["TableName"]

    def items(self, prefix: str, sort_prefix: str = "") -> list[dict]:
        """The items whose keys begin so."""
        read = TypeDeserializer().deserialize
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"]]
        items = [{name: read(value) for name, value in item.items()} for item in found]
        prefixes = ("pk", prefix), ("sk", sort_prefix)
        return [item for item in items if all(item[key].startswith(start) for key, start in prefixes)]

    def customers(self) -> list[dict]:
        """Their states: the hot item of each, where everything pending stands."""
        return [item for item in self.items("customer#", "state") if item["sk"] == "state"]

    def enrolments(self) -> list[dict]:
        """What is pending, of all customers, and not in a rep's hands: a call that was
        asked for stays with its customer until somebody reports how it went."""
        pending = [enrolment for state in self.customers() for enrolment in state.get("enrolments", [])]
        return [enrolment for enrolment in pending if not awaits_report(enrolment)]

    def touches(self) -> dict[str, dict]:
        """The ledger's touches by the customer, each of whom has one here."""
        touches = self.items("customer#", "touch#")
        by_customer = {touch["touch"]["customer"]: touch for touch in touches}
        assert len(by_customer) == len(touches), "a customer has two touches in the ledger"
        return by_customer

    def calls(self) -> list[dict]:
        return self.items("customer#", "call#")

    def failures(self) -> list[dict]:
        """What is listed by `lazo failures`, each with its text."""
        texts = {item["pk"]: item["text"] for item in self.items("failure#", "part#000")}
        return [item | {"text": texts[f"failure#{item['sk']}"]} for item in self.items("failures#")]

    def pass_time(self, span: datetime.timedelta) -> None:
        """Makes what is pending so much older, in place of waiting for it: the alarm,
        the next try and the fence, in the state and in the ledger. Written as another
        worker would write it, and while none is at work: a fence that ages in a moment
        is one whose sender seems to be gone."""
        millis = int(span.total_seconds() * 1000)
        for state in self.customers():
            changes, values = ["version = version + :one"], {":version": {"N": str(state["version"])}}
            for index, enrolment in enumerate(state.get("enrolments", [])):
                paths = [f"enrolments[{index}].#next"]
                if sending(enrolment):
                    paths.append(f"enrolments[{index}].phase.sending.since")
                    self._age_fence(state["pk"], enrolment, millis)
                changes += [f"{path} = {path} - :span" for path in paths]
            if len(changes) == 1:
                continue
            if "due_at" in state:
                changes.append("due_at = due_at - :span")
            self.dynamodb.update_item(
                TableName=self.name,
                Key={"pk": {"S": state["pk"]}, "sk": {"S": state["sk"]}},
                UpdateExpression="SET " + ", ".join(changes),
                ConditionExpression="version = :version",
                ExpressionAttributeNames={"#next": "next"},  # a reserved word
                ExpressionAttributeValues=values | {":one": {"N": "1"}, ":span": {"N": str(millis)}},
            )

    def _age_fence(self, customer: str, enrolment: dict, millis: int) -> None:
        key = f"touch#{enrolment['rule']}/{enrolment['occurrence']}/{enrolment['step']}"
        try:
            self.dynamodb.update_item(
                TableName=self.name,
                Key={"pk": {"S": customer}, "sk": {"S": key}},
                UpdateExpression="SET #at = #at - :span",
                ConditionExpression="#state = :fenced",
                ExpressionAttributeNames={"#at": "at", "#state": "state"},
                ExpressionAttributeValues={":span": {"N": str(millis)}, ":fenced": {"S": "fenced"}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
