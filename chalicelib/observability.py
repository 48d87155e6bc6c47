"""Logs, metrics and the correlation id that goes from an upload to a push.

What is logged is ids, codes and counts; never a body, a token, a photo or a name. Handlers log through here only.
"""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

SERVICE, NAMESPACE = "green-shield", "GreenShield"
logger = Logger(service=SERVICE)


def log_request(method: str, path: str, status: int, correlation_id: str) -> None:
    """One line a request. `path` is the route's template: real ids stay out of the log."""
    write = logger.error if status >= 500 else logger.info
    write("request", extra={"method": method, "route": path, "status": status, "correlation_id": correlation_id})


def log_fault(error: Exception, correlation_id: str) -> None:
    """A fault of the API's own: its kind, and where."""
    logger.error("fault", extra={**described(error), "correlation_id": correlation_id})


class FunctionFailed(Exception):
    """What a function raises so that Lambda sees it fail. Lambda logs its words, which are the error's kind and none of its own."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)


def described(error: BaseException) -> dict[str, str]:
    """An error without its message, which may quote data: its kind, AWS's code for it, and where in our code it arose."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "chalicelib" in file or not place:
            place = f"{file.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return {"error": type(error).__name__, "code": str(code), "where": place}


def count(name: str, value: float = 1, *, unit: MetricUnit = MetricUnit.Count, **dimensions: str) -> None:
    """One metric in CloudWatch's embedded format, on a line of its own."""
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE) as metric:
        metric.add_dimension(name="service", value=SERVICE)
        for key, label in dimensions.items():
            metric.add_dimension(name=key, value=label)
