"""The same as `run.mjs`, for the packages of PyPI."""

import base64
import importlib.metadata
import json
import os
import subprocess
import sys

from sdks import SDKS

PROGRAM = os.environ["COUNTERSIGN_PROGRAM"]
SECRET = "a-secret-of-the-interop-run-0123456789"


class Delivery:
    def __init__(self, method, url, headers, text, secret):
        self.method, self.url, self.headers, self.text, self.secret = method, url, headers, text, secret
        self.body = text.encode()

    def header(self, name):
        return self.headers.get(name)

    def changed(self, **parts):
        own = {name: getattr(self, name) for name in ["method", "url", "headers", "text", "secret"]}
        return Delivery(**(own | parts))


def countersign(args, secret, given=None):
    environment = os.environ | {"INTEROP_SECRET": secret}
    return subprocess.run(
        [PROGRAM, *args, "--secret-env", "INTEROP_SECRET"], env=environment, input=given, capture_output=True, text=True)


def signed(sdk, secret):
    url = ["--url", sdk["url"]] if "url" in sdk else []
    run = countersign(["sign", "--scheme", sdk["scheme"], "--sample", *url], secret)
    if run.returncode:
        raise RuntimeError(run.stderr)
    file = json.loads(run.stdout)
    headers = {name.lower(): values if isinstance(values, str) else values[0] for name, values in file["headers"].items()}
    text = base64.b64decode(file["body_base64"]).decode()
    return Delivery(file["method"], file.get("url"), headers, text, secret)


def we_verify(sdk, d):
    body = base64.b64encode(d.body).decode()
    file = {"method": d.method, "url": d.url or sdk.get("url"), "headers": d.headers, "body_base64": body}
    file = {name: value for name, value in file.items() if value is not None}
    run = countersign(["verify", "--scheme", sdk["scheme"], "--request", "-", "--json"], d.secret, json.dumps(file))
    if run.returncode == 0:
        return "accepts"
    if run.returncode == 1 and '"verified":false' in run.stdout:
        return "rejects"
    raise RuntimeError(f"the program failed: {run.stdout}{run.stderr}")


def they_verify(sdk, d, result=None):
    try:
        return "rejects" if sdk["verify"](d) is False else "accepts"
    except Exception as error:
        if result is not None:
            result["why"] = f"{type(error).__name__}: {error}".split("\n")[0]
        return "rejects"


def change(sdk, d):
    return d.changed(**(sdk["tamper"](d) if "tamper" in sdk else {"text": d.text + " "}))


for sdk in SDKS:
    if len(sys.argv) > 1 and sys.argv[1] not in sdk["scheme"]:
        continue
    result = {"scheme": sdk["scheme"], "sdk": sdk["package"], "registry": "PyPI"}
    try:
        result["version"] = importlib.metadata.version(sdk["package"])
        secret = sdk.get("secret", SECRET)
        ours = signed(sdk, secret)
        result["they_verify"] = they_verify(sdk, ours, result)
        result["they_verify_changed"] = they_verify(sdk, change(sdk, ours))
        if "sign" in sdk:
            other = secret.replace("a-secret", "b-secret").replace("YSBrZXkg", "YiBrZXkg").replace("a5", "b6", 1)
            base = signed(sdk, other).changed(secret=secret)
            headers = sdk["sign"](base)
            text = headers.pop("body", base.text)
            theirs = base.changed(text=text, headers=base.headers | headers)
            result["before"] = we_verify(sdk, base)
            result["we_verify"] = we_verify(sdk, theirs)
            result["we_verify_changed"] = we_verify(sdk, change(sdk, theirs))
    except Exception as error:
        result["error"] = " ".join(f"{type(error).__name__}: {error}".split("\n")[:3])
    print(json.dumps(result), flush=True)
