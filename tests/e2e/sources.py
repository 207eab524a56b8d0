"""Events of other systems: Shopify by signed posts to the deployed function URL, and by a
partner event bus."""

import base64
import datetime
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid

from emulator import Emulator

BUS = "aws.partner/shopify.com/77/lazo"
PATTERN = {"source": [{"prefix": "aws.partner/"}]}
SECRETS = {"shopify": ["shpss_e2e_new", "shpss_e2e_old"], "stripe": "whsec_e2e"}
PERSONAL = ["Noemi Arriaga", "noemi@customer.example"]


def parameters(aws: Emulator) -> dict[str, str]:
    """What the stack is deployed with, once the secret and the bus are there."""
    secret = aws.client("secretsmanager").create_secret(
        Name="e2e-webhooks", SecretString=json.dumps(SECRETS))
    aws.client("events").create_event_bus(Name=BUS)
    return {"WebhookSecretsArn": secret["ARN"], "PartnerBuses": BUS}


def order(number: int, customer: dict, age: datetime.timedelta) -> dict:
    at = (datetime.datetime.now(datetime.timezone.utc) - age).isoformat(timespec="seconds")
    return {
        "id": number, "created_at": at, "updated_at": at, "currency": "MXN",
        "total_price": "129.90", "financial_status": "paid", "test": False,
        "email": customer.get("email"), "customer": customer, "line_items": [],
    }


class Sources:
    def __init__(self, aws: Emulator, stack: dict[str, str]):
        self.events, self.sqs, self.queue = aws.client("events"), aws.client("sqs"), stack["IngestQueueUrl"]
        self.gateway, self.host = aws.url, urllib.parse.urlsplit(stack["WebhooksUrl"]).netloc

    def post(self, source: str, body: bytes, secret: str | None) -> int:
        """The status of a post as Shopify makes it; unsigned where there is no secret."""
        headers = {"Host": self.host, "X-Shopify-Topic": "orders/paid", "Content-Type": "application/json"}
        if secret is not None:
            tag = hmac.digest(secret.encode(), body, "sha256")
            headers["X-Shopify-Hmac-Sha256"] = base64.b64encode(tag).decode()
        request = urllib.request.Request(f"{self.gateway}/{source}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code

    def put(self, payload: dict) -> None:
        """The same event by the partner's bus. The emulator lets nobody put one there: so
        its rule is looked at, and what it would put on the queue is put there."""
        rules = self.events.list_rules(EventBusName=BUS)["Rules"]
        assert [json.loads(rule["EventPattern"]) for rule in rules] == [PATTERN], rules
        targets = self.events.list_targets_by_rule(EventBusName=BUS, Rule=rules[0]["Name"])["Targets"]
        assert [target["Arn"] for target in targets] == [self.queue_arn()], targets
        envelope = {
            "version": "0", "id": str(uuid.uuid4()), "detail-type": "shopifyWebhook", "source": BUS,
            "account": "000000000000", "region": "us-east-1", "resources": [],
            "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "detail": {
                "metadata": {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": "lazo.myshopify.com"},
                "payload": payload,
            },
        }
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(envelope))

    def queue_arn(self) -> str:
        names = ["QueueArn"]
        return self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]["QueueArn"]

    def check_refusals(self, body: bytes) -> None:
        for what, source, secret, status in [
            ("unsigned", "shopify", None, 401),
            ("by another secret", "shopify", "whsec_e2e", 401),
            ("a source without a secret", "woocommerce", "x", 404),
            ("no source", "nothing", "x", 404),
        ]:
            found = self.post(source, body, secret)
            assert found == status, f"{what}: {found}"
