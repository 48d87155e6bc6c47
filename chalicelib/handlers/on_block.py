"""The readings table's stream: judge every stored block."""

from typing import Any

from chalicelib.adapters.block_repo import PREFIX, block_of
from chalicelib.adapters.dynamo.rows import row_of_image
from chalicelib.bootstrap import Services, ports_of
from chalicelib.domain.block import Block
from chalicelib.handlers.batch import Record, process, stream_sequence
from chalicelib.observability import count, logger
from chalicelib.usecases.evaluate_coupling import evaluate_coupling
from chalicelib.usecases.watch_chain import watch_chain
from chalicelib.usecases.watch_unit import Watched, watch_unit


def on_block(event: dict[str, Any], services: Services) -> dict[str, list[dict[str, str]]]:
    def work(record: Record) -> None:
        if record["eventName"] != "INSERT":
            return
        row = row_of_image(record["dynamodb"]["NewImage"])
        if not row.sk.startswith(PREFIX):
            return
        home, row = services.home_of(row)
        logger.set_correlation_id(row.body.get("correlation_id"))
        block = block_of(row)
        judgement = evaluate_coupling(block, **ports_of(evaluate_coupling, home))
        _watch(block, home)
        for decision in () if home.drill_id else judgement.decisions:  # what is practised is not counted
            count("Decision", change=decision.change.value, tier=str(decision.tier))
        for unit_id in judgement.unjudged:
            count("LateNotJudged")
            logger.warning("late readings are stored and not judged", extra={"block_id": block.id, "unit_id": unit_id})
        decided = {"readings": block.readings, "decisions": len(judgement.decisions)}
        logger.info("block judged", extra={"block_id": block.id, **decided})

    return process(event["Records"], work, stage="evaluate", identify=stream_sequence, ordered=True)


def _watch(block: Block, services: Services) -> None:
    """What is watched beside the rules, where the park has it switched on."""
    watched = watch_unit(block, **ports_of(watch_unit, services)) if services.runs(watch_unit.__name__) else Watched()
    for observation in watched.opened:
        count("Observation", kind=observation.kind.value)
    for unit_id in watched.unusable:
        logger.warning("watch unusable", extra={"unit_id": unit_id})
        count("WatchUnusable")
    if services.runs(watch_chain.__name__):
        for crossing in watch_chain(block, **ports_of(watch_chain, services)):
            count("ChainLimitCrossed", late=str(crossing.is_late))
