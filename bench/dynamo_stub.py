"""A loopback server that speaks enough of DynamoDB for an upload: the far end of the figures about ingestion.

It runs as a process of its own, so that its work is not counted as ours. It keeps items, gives a whole partition to a query, and
honours `attribute_not_exists`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ITEMS: dict[tuple[str, str, str], dict[str, Any]] = {}


def answer(operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    if operation == "PutItem":
        item = request["Item"]
        key = (request["TableName"], item["pk"]["S"], item["sk"]["S"])
        if "attribute_not_exists" in request.get("ConditionExpression", "") and key in ITEMS:
            return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}
        ITEMS[key] = item
        return 200, {}
    if operation == "GetItem":
        item = ITEMS.get((request["TableName"], request["Key"]["pk"]["S"], request["Key"]["sk"]["S"]))
        return 200, {} if item is None else {"Item": item}
    if operation == "BatchGetItem":
        ((table, asked),) = request["RequestItems"].items()
        keys = [(table, key["pk"]["S"], key["sk"]["S"]) for key in asked["Keys"]]
        return 200, {"Responses": {table: [ITEMS[key] for key in keys if key in ITEMS]}, "UnprocessedKeys": {}}
    if operation == "Query":
        pk = request["ExpressionAttributeValues"][":0"]["S"]  # a range of sort keys is not looked at
        found = [item for (table, key, _), item in sorted(ITEMS.items()) if (table, key) == (request["TableName"], pk)]
        return 200, {"Items": found, "Count": len(found), "ScannedCount": len(found)}
    return 400, {"__type": "com.amazonaws.dynamodb.v20120810#UnknownOperationException"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = answer(self.headers["X-Amz-Target"].rpartition(".")[2], request)
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running() -> Iterator[str]:
    """The base URL of a stub that lives as long as the context."""
    process = subprocess.Popen([sys.executable, "-m", __name__], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the stub did not start"
        yield url
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    Handler.wbufsize = 65536  # one segment an answer, or Nagle and delayed acknowledgements wait for each other
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
