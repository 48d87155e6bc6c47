"""The whole park on one machine: `python -m infra.local_stack up`, `down`, `status`, `clean`.

`up` starts ministack (infra/local/server.py) and the stand-ins for Google and the token issuer (infra/local/standins.py), both on
127.0.0.1 alone, deploys build/package through CloudFormation, seeds a demo park and writes stack.json into the stack's home (.local).
A second `up` deploys what changed. `down` saves and stops, `clean` removes. Everything lives in the home; two homes are two stacks.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra import credit_key, package
from infra.local.deploy import REGION, STACK, Clients, deploy
from infra.local.issuer import AUDIENCE, ISSUER, LocalIssuer, write_secret
from infra.local.processes import HOST, Service, StackError, free_port, is_free, read_json_line, until

ROOT = package.ROOT
HOME = ROOT / ".local"
DEFAULT_PORT = 4566
START_WAIT_S = 60
STOP_WAIT_S = 60
FCM_SECRET = "green-shield/fcm"
CREDIT_SECRET = "green-shield/credit-file"
API_STAGE = "api"
SEED = "infra.local.seed"
READERS = ("Evaluate", "Relay", "Push", "Photo")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """A running local stack, as stack.json tells it."""

    api: str
    tokens: dict[str, str]
    ids: dict[str, Any]
    aws: dict[str, str]
    standins: str
    resources: dict[str, str]


def start(home: Path = HOME, port: int = DEFAULT_PORT, *, say: Say = lambda _text: None) -> Stack:
    """Start or refresh the stack of `home`. Port 0 takes a free one. What this call started ends with it if it fails."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    started: list[Service] = []
    try:
        return bring_up(home, port, started, say)
    except BaseException:
        for service in reversed(started):
            service.stop(STOP_WAIT_S)
        raise


def stop(home: Path = HOME) -> None:
    """Save the state of `home` and stop its processes. Nothing happens if none runs."""
    home = home.resolve()
    is_polite = ministack_of(home).stop(STOP_WAIT_S)
    standins_of(home).stop(5)
    if not is_polite:
        raise StackError(
            f"ministack did not save and stop within {STOP_WAIT_S} s and was ended; see {home / 'ministack.log'}"
        )


def clean(home: Path = HOME) -> None:
    """Stop the stack of `home` and remove everything it kept."""
    with contextlib.suppress(StackError):
        stop(home)
    shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def running(home: Path, port: int = 0, *, say: Say = lambda _text: None) -> Iterator[Stack]:
    """A stack for as long as the block: for the demo and for tests."""
    stack = start(home, port, say=say)
    try:
        yield stack
    finally:
        stop(home)


def load(home: Path = HOME) -> Stack:
    """The stack that stack.json tells of, running or not."""
    try:
        return Stack(**json.loads((home / "stack.json").read_text()))
    except FileNotFoundError:
        raise StackError(f"no stack in {home}: run make up") from None


# ---- the steps of `up` -----------------------------------------------------------------------------------------------


def bring_up(home: Path, port: int, started: list[Service], say: Say) -> Stack:
    built = package.build(ROOT)
    say(f"package {'made' if built.built else 'up to date'} ({built.zip_bytes / package.MB:.0f} MB)")
    issuer = LocalIssuer(home)
    standins = start_standins(home, issuer, started)
    endpoint = start_ministack(home, port, started)
    say(f"ministack listens on {endpoint}, stand-ins on {standins}")
    clients = Clients(endpoint)
    put_fcm_secret(clients, home, standins)
    put_credit_secret(clients, home)
    outputs = deploy(clients, endpoint, built, deployment_parameters(standins))
    api = f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/{API_STAGE}"
    say(f"deployed: {api}")
    warm(clients)
    stack = seeded(home, issuer, Stack(api, {}, {}, {"endpoint": endpoint, "region": REGION}, standins, outputs), say)
    write_secret(home / "stack.json", json.dumps(asdict(stack), indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    save_now(home)
    return stack


def ministack_of(home: Path) -> Service:
    return Service("ministack", ("infra.local.server", "--home", str(home)), home)


def standins_of(home: Path) -> Service:
    return Service("standins", ("infra.local.standins", "--state-dir", str(home / "standins")), home)


def start_ministack(home: Path, port: int, started: list[Service]) -> str:
    service = ministack_of(home)
    running_on = port_of(home) if service.pid() else None
    if running_on is not None and port in (0, running_on):
        endpoint = f"http://{HOST}:{running_on}"
        if is_healthy(endpoint):
            return endpoint
        raise StackError(f"ministack runs but does not answer on {endpoint}; run make down, then make up")
    if running_on is not None:
        raise StackError(
            f"this stack already runs on port {running_on}; run make down first, or GREENSHIELD_PORT={running_on}"
        )
    port = port or free_port()
    if not is_free(port):
        raise StackError(
            f"port {port} on {HOST} is taken by another program: stop it, or choose another port: make up GREENSHIELD_PORT={port + 100}"
        )
    (home / "port").write_text(str(port))
    started.append(service)
    words = (*service.words, "--port", str(port), "--unpacked", str(ROOT / "build" / "unpacked"))
    Service(service.name, words, home).start(ROOT)
    endpoint = f"http://{HOST}:{port}"
    if not until(lambda: is_healthy(endpoint) or service.pid() is None, START_WAIT_S) or service.pid() is None:
        raise StackError(f"ministack did not start within {START_WAIT_S} s:\n{service.last_words()}")
    return endpoint


def port_of(home: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int((home / "port").read_text())
    return None


def is_healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def start_standins(home: Path, issuer: LocalIssuer, started: list[Service]) -> str:
    """Publish the issuer's keys and start the stand-ins, on the port they had: it is in the deployed settings."""
    state = home / "standins"
    state.mkdir(exist_ok=True)
    (state / "jwks.json").write_text(json.dumps(issuer.jwks, indent=2))
    service = standins_of(home)
    if service.pid() is None:
        known = home / "standins-port"
        port = int(known.read_text()) if known.is_file() else free_port()
        port = port if is_free(port) else free_port()
        started.append(service)
        Service(service.name, (*service.words, "--port", str(port)), home).start(ROOT)
        read_json_line(service, START_WAIT_S)
        known.write_text(str(port))
    return f"http://{HOST}:{int((home / 'standins-port').read_text())}"


def put_fcm_secret(clients: Clients, home: Path, standins: str) -> None:
    """A service account as Google's console hands it out, with a key made here and the stand-in's token endpoint."""
    from infra.local.standins import new_private_key_pem, service_account_json

    key = home / "fcm-key.pem"
    if not key.is_file():
        write_secret(key, new_private_key_pem())
    value = service_account_json(f"{standins}/token", key.read_text())
    secrets = clients("secretsmanager")
    try:
        secrets.create_secret(Name=FCM_SECRET, SecretString=value)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        secrets.put_secret_value(SecretId=FCM_SECRET, SecretString=value)


def put_credit_secret(clients: Clients, home: Path) -> None:
    """A key with its own certificate, made once for each home; the certificate stands in the home for whoever verifies files."""
    kept = home / "credit-key.json"
    if not kept.is_file():
        write_secret(kept, credit_key.self_signed("本地演示园区", datetime.now(UTC)))
    secret = kept.read_text()
    (home / "credit-certificate.pem").write_text(json.loads(secret)["certificates"])
    credit_key.put(clients("secretsmanager"), CREDIT_SECRET, secret)


def deployment_parameters(standins: str) -> dict[str, str]:
    return {
        "OidcIssuer": ISSUER,
        "OidcAudience": AUDIENCE,
        "OidcJwksUrl": f"{standins}/jwks.json",
        "FcmSecret": FCM_SECRET,
        "CreditSecret": CREDIT_SECRET,
        "FcmEndpoint": standins,
    }


def warm(clients: Clients) -> None:
    """Start one process of each function that waits for records, with none: the first real one shall not pay for it."""
    cloudformation, functions = clients("cloudformation"), clients("lambda")
    resources = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    names = [found["PhysicalResourceId"] for found in resources if found["LogicalResourceId"] in READERS]
    with ThreadPoolExecutor(len(READERS)) as pool:
        for answer in pool.map(lambda name: functions.invoke(FunctionName=name, Payload=b'{"Records": []}'), names):
            if "FunctionError" in answer:
                raise StackError(f"a function does not start: {answer['Payload'].read().decode()}")


def seeded(home: Path, issuer: LocalIssuer, stack: Stack, say: Say) -> Stack:
    """Tokens for the demo's people, and the demo park in the registry, once for each home."""
    seed = importlib.import_module(SEED) if importlib.util.find_spec(SEED) else None
    people: Mapping[str, str] = seed.PEOPLE if seed else {"admin": "admin"}
    tokens = {role: issuer.token(person) for role, person in people.items()}
    ids = kept_ids(home)
    if seed and not ids:
        ids = seed.seed(
            api=stack.api,
            admin_token=tokens["admin"],
            aws={**stack.aws, "registry_table": stack.resources["RegistryTableName"]},
            home=home,
        )
        (home / "ids.json").write_text(json.dumps(ids, indent=2, ensure_ascii=False))
        say("demo park seeded")
    return Stack(stack.api, tokens, ids, stack.aws, stack.standins, stack.resources)


def kept_ids(home: Path) -> dict[str, Any]:
    with contextlib.suppress(FileNotFoundError, ValueError):
        kept: dict[str, Any] = json.loads((home / "ids.json").read_text())
        return kept
    return {}


def save_now(home: Path) -> None:
    """Have everything saved: from here on a kill loses seconds of data and nothing of the deployment."""
    pid = ministack_of(home).pid()
    saved = home / "state" / "cloudformation.json"
    before_ns = saved.stat().st_mtime_ns if saved.is_file() else 0
    if pid is not None:
        os.kill(pid, signal.SIGUSR1)
        until(lambda: saved.is_file() and saved.stat().st_mtime_ns > before_ns, 20)


# ---- status ----------------------------------------------------------------------------------------------------------


def status(home: Path = HOME) -> dict[str, Any]:
    """What runs, where, and what needs a look: dead letters and calls that a role refused."""
    home = home.resolve()
    found: dict[str, Any] = {service.name: service.pid() for service in (ministack_of(home), standins_of(home))}
    if found["ministack"] is None or not (home / "stack.json").is_file():
        return found
    stack = load(home)
    sqs = Clients(stack.aws["endpoint"])("sqs")
    queues = {name: url for name, url in stack.resources.items() if name.endswith(("DeadLettersUrl", "FailuresUrl"))}
    return {
        **found,
        "api": stack.api,
        "dead_letters": {name.removesuffix("Url"): waiting(sqs, url) for name, url in sorted(queues.items())},
        "denied_calls": denied_calls(home),
    }


def waiting(sqs: Any, url: str) -> int:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def denied_calls(home: Path) -> list[str]:
    """Calls that a function made and its role did not allow: the role in infra/template.yaml lacks them, or the code should not make them."""
    try:
        calls = json.loads((home / "calls.json").read_text())
    except FileNotFoundError:
        return []
    return sorted(
        f"{role} {action} {line.removeprefix('denied ')}"
        for role, actions in calls.items()
        for action, lines in actions.items()
        for line in lines
        if line.startswith("denied ")
    )


def show(stack: Stack, home: Path) -> None:
    print(f"\nGreen Shield is up: {stack.api}")
    print(f"Tokens of {', '.join(sorted(stack.tokens))} are in {home / 'stack.json'}, for example:")
    print(
        f"""  TOKEN=$(python3 -c 'import json; print(json.load(open("{home / "stack.json"}"))["tokens"]["admin"])')"""
    )
    print(f'  curl -H "Authorization: Bearer $TOKEN" {stack.api}/v1/me')


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local_stack", description="The whole park on one machine.")
    parser.add_argument("command", choices=("up", "down", "status", "clean"))
    parser.add_argument("--home", type=Path, default=HOME, help="where the stack keeps everything (default: .local)")
    parser.add_argument(
        "--port",
        type=int,
        default=int(os.environ.get("GREENSHIELD_PORT") or DEFAULT_PORT),
        help="port on 127.0.0.1, 0 for a free one (default: GREENSHIELD_PORT or 4566)",
    )
    options = parser.parse_args()
    try:
        if options.command == "up":
            show(start(options.home, options.port, say=print), options.home)
        elif options.command == "down":
            stop(options.home)
        elif options.command == "clean":
            clean(options.home)
        else:
            print(json.dumps(status(options.home), indent=2))
    except (StackError, package.PackageError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: what was started is stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
