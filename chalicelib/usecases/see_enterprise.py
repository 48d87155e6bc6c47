"""An enterprise, if a person may know of it."""

from chalicelib.domain.access import require_sight
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person
from chalicelib.ports import RegistryRepo


def see_enterprise(enterprise_id: str, person: Person, *, registry: RegistryRepo) -> Profile:
    """Raises NotFound where there is none, or the person may not know of it."""
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="enterprise")
    return profile
