"""The links of mails, through the deployed function URL: a link is made here from the
stack's own key, looked at as a mail scanner does, and clicked as a mail program does."""

import base64
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request

from emulator import Emulator

ONE_CLICK = b"List-Unsubscribe=One-Click"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret: str, customer: str) -> str:
    """What functions/links/token.rs signs, written a second time."""
    claim = "\n".join(["u", "", customer, "e2e-rule", "e2e-purchase-1", "mail"])
    signed = f"k1.{base64url(claim.encode())}"
    key = base64.b64decode(secret)
    tag = hmac.digest(key, b"lazo link 1\n" + signed.encode(), hashlib.sha256)[:16]
    return f"{signed}.{base64url(tag)}"


class Links:
    def __init__(self, aws: Emulator, stack: dict[str, str]):
        self.gateway, self.host = aws.url, urllib.parse.urlsplit(stack["LinksUrl"]).netloc
        secret = aws.client("secretsmanager").get_secret_value(SecretId=aws.resource("LinkKey"))
        self.secret = secret["SecretString"]

    def ask(self, path: str, body: bytes | None = None) -> tuple[int, str, dict]:
        """Status, page and headers of a GET, or of a POST where there is a body."""
        request = urllib.request.Request(self.gateway + path, data=body, headers={"Host": self.host})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(), dict(answer.headers)

    def check(self, customer: str) -> None:
        path = f"/u/{token(self.secret, customer)}"
        for _ in range(2):
            status, page, headers = self.ask(path)
            assert status == 200 and "<form" in page, f"{status}: {page}"
        headers = {name.lower(): value for name, value in headers.items()}
        policy = headers.get("content-security-policy", "")
        assert policy.startswith("default-src 'none'"), headers
        status, page, _ = self.ask(path[:-2] + "AA", ONE_CLICK)
        assert status == 404, f"a made-up link: {status}"
        status, page, _ = self.ask(path, ONE_CLICK)
        assert status == 200 and "<html" in page, f"{status}: {page}"
        status, page, _ = self.ask(path)
        assert status == 200 and "<form" not in page, "the page still asks after the no"
