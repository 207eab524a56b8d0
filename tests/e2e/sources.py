"""Events of other systems: Shopify by signed posts to the deployed function URL, and by a
partner event bus."""

import base64
import datetime
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request

from emulator import Emulator

BUS = "aws.partner/shopify.com/77/lazo"
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
        self.events = aws.client("events")
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
        """The same event on the partner's bus."""
        detail = {
            "metadata": {"X-Shopify-Topic": "orders/paid", "X-Shopify-Shop-Domain": "lazo.myshopify.com"},
            "payload": payload,
        }
        answer = self.events.put_events(Entries=[{
            "EventBusName": BUS, "Source": BUS, "DetailType": "shopifyWebhook", "Detail": json.dumps(detail),
        }])
        assert answer["FailedEntryCount"] == 0, answer

    def check_refusals(self, body: bytes) -> None:
        for what, source, secret, status in [
            ("unsigned", "shopify", None, 401),
            ("by another secret", "shopify", "whsec_e2e", 401),
            ("a source without a secret", "woocommerce", "x", 404),
            ("no source", "nothing", "x", 404),
        ]:
            found = self.post(source, body, secret)
            assert found == status, f"{what}: {found}"
