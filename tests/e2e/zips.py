"""Checks the zips that the template names: each is there, for the right machine, with
the TLS roots where SSL_CERT_FILE says that they are.

    python tests/e2e/zips.py DIR arm64|x86_64
"""

import pathlib
import struct
import sys
import zipfile

from samcli.yamlhelper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASK_ROOT = "/var/task/"  # where Lambda unpacks a zip
ELF_MACHINES = {"x86_64": 62, "arm64": 183}


def programs(template: dict) -> set[str]:
    """The folder of each zip that a function of the template runs."""
    functions = [r for r in template["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    return {pathlib.PurePath(one["Properties"]["CodeUri"]).parent.name for one in functions}


def complaint(path: pathlib.Path, arch: str, roots: str) -> str | None:
    """What is wrong with one zip, or None."""
    if not path.is_file():
        return "is missing"
    with zipfile.ZipFile(path) as zipped:
        names = zipped.namelist()
        if "bootstrap" not in names:
            return "has no bootstrap"
        if roots not in names:
            return f"has no {roots} (build with --include {roots})"
        if zipped.getinfo(roots).external_attr >> 16 & 0o004 == 0:
            return f"holds a {roots} that not everybody may read"
        head = zipped.open("bootstrap").read(20)
    if head[:4] == b"\x7fELF" and struct.unpack("<H", head[18:20])[0] != ELF_MACHINES[arch]:
        return f"was not built for {arch}"
    return None


def main() -> int:
    directory, arch = pathlib.Path(sys.argv[1]), sys.argv[2]
    template = yaml_parse((ROOT / "infra/template.yaml").read_text())
    bundle = template["Globals"]["Function"]["Environment"]["Variables"]["SSL_CERT_FILE"]
    roots = bundle.removeprefix(TASK_ROOT)
    failed = False
    for program in sorted(programs(template)):
        path = directory / program / "bootstrap.zip"
        wrong = complaint(path, arch, roots)
        failed |= wrong is not None
        print(f"{path}: {wrong or f'{path.stat().st_size / 1e6:.1f} MB, {arch}'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
