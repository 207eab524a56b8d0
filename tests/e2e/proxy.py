"""A proxy that does to the functions' requests what a bad day in AWS does: microburst,
between them and the emulator.

Three kinds of fault, each at a rate of its own, drawn from a seed:

- a throttle: AWS says that it is too much and does nothing;
- a lost request: the connection breaks before AWS has seen the request;
- a lost answer: AWS does what it was asked, and the connection breaks before it says so.

To the client the last two look the same, which is what makes them hard.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter

from emulator import free_port

START_SECONDS = 30

THROTTLE, LOST_REQUEST, LOST_ANSWER = "throttle", "lost request", "lost answer"

# Every operation that the functions call under this test, and what its service says
# when it is too much: code, status and the members that the code has.
CANCELED = {"CancellationReasons": [{"Code": "ThrottlingError", "Message": "too much"}]}
THROTTLES = {
    ("dynamodb", "GetItem"): ("ProvisionedThroughputExceededException", 400, {}),
    ("dynamodb", "Query"): ("ThrottlingException", 400, {}),
    ("dynamodb", "PutItem"): ("ProvisionedThroughputExceededException", 400, {}),
    ("dynamodb", "UpdateItem"): ("RequestLimitExceeded", 400, {}),
    ("dynamodb", "DeleteItem"): ("ThrottlingException", 400, {}),
    ("dynamodb", "TransactWriteItems"): ("TransactionCanceledException", 400, CANCELED),
    ("sesv2", "SendEmail"): ("TooManyRequestsException", 429, {}),
    ("events", "PutEvents"): ("ThrottlingException", 400, {}),
}


def rules_of(rates: dict[str, dict[str, float]]) -> list[dict]:
    """microburst's rules for rates by service and kind. It takes the first rule that
    matches and whose draw succeeds, so a later kind is a little rarer than it says."""
    rules = []
    for (service, operation), (code, status, fields) in THROTTLES.items():
        effects = {
            THROTTLE: {"error": {"code": code, "status": status, "fields": fields}},
            LOST_REQUEST: {"reset": True},
            LOST_ANSWER: {"response": {"abort_bytes": 0}},
        }
        for kind, rate in rates[service].items():
            matcher = {"service": service, "operation": operation, "probability": rate}
            rules.append(matcher | effects[kind])
    return rules


def kind_of(action: str) -> str:
    """The kind of fault that microburst calls so."""
    if action.startswith("error:"):
        return THROTTLE
    return {"reset": LOST_REQUEST, "response:abort": LOST_ANSWER}[action]


class Proxy:
    """Use as a context. Passes everything on until it is told the rates of faults.

    Its address is known before it starts, as it and the emulator need each other's."""

    def __init__(self, seed: int):
        self.seed, self.port = seed, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.upstream = ""

    def before(self, upstream: str) -> "Proxy":
        self.upstream = upstream
        return self

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        command = [sys.executable, __file__, self.upstream, str(self.port), str(self.seed)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self._control("health")
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("the fault proxy did not start")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def _control(self, path: str, body: list | None = None) -> bytes:
        """A GET of the proxy's own API, or a POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/_microburst/{path}", data=data, timeout=10) as answer:
            return answer.read()

    def storm(self, rates: dict[str, dict[str, float]]) -> None:
        self._control("rules", rules_of(rates))

    def requests(self, service: str) -> int:
        """How many requests a service got, those that the proxy answered included."""
        services = json.loads(self._control("stats"))["by_service"]
        return sum(row["requests"] for row in services if row["service"] == service)

    def faults(self) -> Counter:
        """How many faults there were, by service, operation and kind."""
        found = Counter()
        labels = r'microburst_faults_total{service="(.*)",operation="(.*)",action="(.*)"} (\d+)'
        for service, operation, action, count in re.findall(labels, self._control("metrics").decode()):
            found[service, operation, kind_of(action)] += int(count)
        return found


def main() -> int:
    """The process itself: microburst with its draws seeded, and two things mended that
    version 0.10 has no option for. It sends its upstream's name as Host, which breaks
    the signature, and the emulator checks that. And it takes SES v2 for v1, which signs
    by the same name, and answers in XML that a client of v2 cannot read."""
    from microburst import cli, forward
    from microburst.core import pipeline
    from microburst.detection import match_rest_operation

    upstream, port, seed = sys.argv[1:]
    random.seed(int(seed))
    detect, outbound = pipeline.detect, forward.Upstream._outbound_headers

    def detect_v2(headers, method, path, query, body):
        context = detect(headers, method, path, query, body)
        if context.service == "ses" and path.startswith("/v2/"):
            context.service, context.protocol = "sesv2", "rest-json"
            context.operation = match_rest_operation("sesv2", method, path, query, headers, body)
        return context

    def outbound_for_host(self, request):
        return outbound(self, request) | {"host": request.headers["Host"]}

    pipeline.detect, forward.Upstream._outbound_headers = detect_v2, outbound_for_host
    return cli.main(["--upstream", upstream, "--port", port, "--no-resign"])


if __name__ == "__main__":
    sys.exit(main())
