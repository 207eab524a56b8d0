"""Lambda's loop around a handler, with nothing but the standard library:

    python bootstrap.py ingest
"""

import http.client
import importlib
import json
import os
import sys

API = "/2018-06-01/runtime/invocation/"


def main() -> None:
    handler = importlib.import_module(sys.argv[1]).handler
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", API + "next")
        answer = runtime.getresponse()
        event, request = json.loads(answer.read()), answer.headers["Lambda-Runtime-Aws-Request-Id"]
        runtime.request("POST", f"{API}{request}/response", json.dumps(handler(event, None)))
        runtime.getresponse().read()


main()
