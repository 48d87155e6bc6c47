"""Register the first admin of a new park; everyone else is then registered through the API by that admin.

    python -m infra.first_admin --table <registry table> --id <the `sub` of the admin's tokens>

Uses the ordinary AWS credentials, region and AWS_ENDPOINT_URL of the environment.
"""

import argparse

from chalicelib.adapters.dynamo.rows import DynamoRows
from chalicelib.adapters.registry_repo import RowRegistryRepo
from chalicelib.bootstrap import SystemClock
from chalicelib.domain.person import Person, Role


def register_admin(table: str, person_id: str, region: str | None = None) -> None:
    """Put one admin into the registry table. Doing it twice changes nothing."""
    registry = RowRegistryRepo(DynamoRows(table, region=region), SystemClock())
    registry.put_person(Person(person_id, "管理员", Role.ADMIN))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--table", required=True, help="name of the registry table (the stack's output RegistryTableName)"
    )
    parser.add_argument("--id", required=True, help="the `sub` claim of the admin's tokens")
    parser.add_argument("--region", help="AWS region, if the environment does not say")
    given = parser.parse_args()
    register_admin(given.table, given.id, given.region)
    print(f"{given.id} is admin now")


if __name__ == "__main__":
    main()
