"""AWS on this machine: ministack in a process of its own, with the stack in it.

What it does not emulate, and what that means here:

- `AWS::Events::Archive`: left out of the deployed template. Archives themselves it
  has, so the test makes one like the template's through the API.
- SES resources and condition keys in IAM: `ses:SendEmail` is checked against `*`,
  so the mailing role gets that beside its own policy. Everything else that the
  functions call is checked against their roles as deployed.
- `Fn::Split` in conditions: which of the four partner buses there are is said outright.
- Partner events: accepted and passed on to nobody.
- Secrets without punctuation by `ExcludePunctuation`: said with the characters instead.
- Dead-letter queues of rules and schedules, TTL, recovery, KMS: accepted, not acted on.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
from samcli.yamlhelper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = "lazo"
REGION = "us-east-1"
NOT_EMULATED = {"AWS::Events::Archive"}
START_SECONDS = 30
PARTNER_BUSES_MAX = 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """Use as a context: started on entry; on exit, stopped with all it started."""

    def __init__(self, rules: pathlib.Path, functions_url: str | None = None):
        """Where `functions_url` is given, the functions call AWS there; all others
        call the emulator itself."""
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="lazo-e2e-"))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.template = yaml_parse((ROOT / "infra/template.yaml").read_text())
        # Nothing of the caller's: a profile or a region in ~/.aws would change what
        # the functions do. They inherit this environment, LAZO_RULES included.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }
        self.settings = {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "AUTH": "true",  # roles are enforced
            "IOT_MTLS_ENABLED": "0",  # these two would listen on every interface
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(self.home / "state"),
            "LAZO_RULES": str(rules),
            "AWS_ENDPOINT_URL": functions_url or self.url,  # which the functions inherit
        }

    def __enter__(self):
        self.log = open(self.home / "ministack.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=self.environment | self.settings,
            cwd=self.home,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, to stop the functions with it
        )
        try:
            self._await_start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # functions that outlived it
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def _await_start(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.get("/_ministack/health")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the emulator did not start:\n" + self.tail())

    def get(self, path: str):
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return json.load(response)

    def client(self, service: str):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def tail(self, lines: int = 40) -> str:
        self.log.flush()
        text = (self.home / "ministack.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def deploy(self, zips: pathlib.Path, **parameters: str) -> dict[str, str]:
        """Deploys as the README says, by `sam deploy`. Returns the stack's outputs."""
        # The layout of the checkout, for the template's relative CodeUri.
        checkout = self.home / "checkout"
        if not checkout.exists():
            (checkout / "infra").mkdir(parents=True)
            (checkout / "target").mkdir()
            (checkout / "target/lambda").symlink_to(zips.resolve())
        shutil.copy(ROOT / "infra/samconfig.toml", checkout / "infra")
        template = dict(self.template)
        template["Resources"] = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if resource["Type"] not in NOT_EMULATED
        }
        for resource in template["Resources"].values():
            generated = resource.get("Properties", {}).get("GenerateSecretString", {})
            if generated.pop("ExcludePunctuation", False):  # the emulator knows only this
                generated["ExcludeCharacters"] = string.punctuation
        buses = [name for name in parameters.get("PartnerBuses", "").split(",") if name]
        template["Conditions"] = self.template["Conditions"] | {
            f"HasPartnerBus{number}": {"Fn::Equals": [str(number <= len(buses)), "True"]}
            for number in range(1, PARTNER_BUSES_MAX + 1)
        }
        (checkout / "infra/template.yaml").write_text(json.dumps(template))

        overrides = [f"{name}={value}" for name, value in parameters.items()]
        command = ["sam", "deploy", "--template", "infra/template.yaml", "--no-confirm-changeset"]
        done = subprocess.run(
            command + ["--parameter-overrides", *overrides],
            env=self.environment,
            cwd=checkout,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if done.returncode != 0:
            raise RuntimeError(f"sam deploy failed:\n{done.stdout}\n{self.tail()}")

        self.client("iam").put_role_policy(
            RoleName=self.resource("DispatchRole"),
            PolicyName="ses-of-the-emulator",
            PolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}],
            }),
        )
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def resource(self, logical_id: str) -> str:
        """The physical id of one of the stack's resources."""
        detail = self.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=logical_id)
        return detail["StackResourceDetail"]["PhysicalResourceId"]

    def mails(self) -> list[dict]:
        """Every mail that was sent, in no order."""
        accounts = self.get("/_ministack/ses/messages")["messages"]
        return [mail for mails in accounts.values() for mail in mails]
