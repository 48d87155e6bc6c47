"""What a course that was passed, or a deadline that was missed, does to an enterprise's score."""

from datetime import tzinfo

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.events import CoursePassed, TrainingMissed
from chalicelib.domain.score import ScoreEntry
from chalicelib.domain.training_score import training_entries
from chalicelib.ports import CatalogueRepo, ScoreRepo, TrainingRepo


def score_training(
    event: CoursePassed | TrainingMissed,
    *,
    training: TrainingRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """Write the entry of what has just happened into its month's ledger. Twice: it is there once."""
    every = training_of(event.enterprise_id, training=training, catalogues=catalogues, zone=zone)
    own = tuple(one for one in every if one.at_ms == event.at_ms)
    scores.add(own)
    return own


def training_of(
    enterprise_id: str, *, training: TrainingRepo, catalogues: CatalogueRepo, zone: tzinfo
) -> tuple[ScoreEntry, ...]:
    """Every entry that the enterprise's training gives, from what is stored of it."""

    def policy_at(at_ms: int) -> tuple[ScorePolicy, str]:
        catalogue = catalogues.in_force_at(at_ms)
        return catalogue.score, catalogue.version

    return training_entries(
        enterprise_id, training.passes(enterprise_id), training.misses(enterprise_id), policy_at, zone
    )
