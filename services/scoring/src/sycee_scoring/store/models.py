"""Models: what was trained is only ever added to; a row that does not hold what its digest says cannot be written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sycee_service.database import Database, Transaction
from sycee_service.errors import AlreadyExists, InvalidArgument, NotFound

from sycee_scoring.registry.model import Component, Facts, Figure, Model, Package, Role, Standing

_COLUMNS: Final = """model_no, version, models.component, artefact_sha256, schema_sha256, row_count, bad_count, auc,
    auc_low, auc_high, trained_by, trained_at, role, proposed_role, proposed_by, approved_by, in_role_since"""
_FROM: Final = "from models join model_standings using (model_no)"

_PAGE: Final = f"""
select {_COLUMNS} {_FROM}
where ($1::smallint = 0 or models.component = $1) and ($2::smallint = 0 or role = $2)
    and ($3::integer is null or model_no < $3)
order by model_no desc limit $4
"""
GET: Final = f"select {_COLUMNS}, card_json, card_markdown {_FROM} where version = $1"
GET_BY_NUMBER: Final = f"select {_COLUMNS}, card_json, card_markdown {_FROM} where model_no = $1"
CHAMPION: Final = f"select {_COLUMNS}, card_json, card_markdown {_FROM} where models.component = $1 and role = 1"
_PACKAGE: Final = """
select version, component, artefact, artefact_sha256, schema_sha256, row_count, bad_count, auc, auc_low, auc_high,
    card_json, card_markdown from models where model_no = $1
"""
_ADD: Final = """
insert into models (version, component, artefact, artefact_sha256, schema_sha256, card_json, card_markdown, row_count,
    bad_count, auc, auc_low, auc_high, trained_by, trained_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (version) do nothing
returning model_no
"""
_ADD_STANDING: Final = """
insert into model_standings (model_no, component, role, proposed_role, proposed_by, approved_by)
values ($1, $2, 0, 0, '', '')
"""
_REMEMBER: Final = """
insert into model_trainings (caller, request_id, digest, model_no, trained_by, trained_at)
values ($1, $2, $3, $4, $5, $6) on conflict (caller, request_id) do nothing
"""
_REMEMBERED: Final = "select digest, model_no from model_trainings where caller = $1 and request_id = $2"
_IN_ROLE: Final = """
select (select coalesce(max(change_no), 0) from model_role_changes) as change_no, model_no, role
from (select null) as one left join model_standings on role <> 0 order by in_role_since, model_no
"""


@dataclass(frozen=True, slots=True)
class InRole:
    """Who plays a part now, as numbers of models, longest in the role first. `change_no` is the last change in it,
    which may be a proposal and then makes no difference."""

    change_no: int = field(compare=False)
    champions: tuple[int, ...]
    challengers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainedBy:
    """Which request of whom had a model trained."""

    caller: str
    request_id: str
    digest: bytes
    subject: str
    at: datetime


class ModelStore:
    """The registry's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, component: int, role: int, before: int | None, limit: int) -> list[Model]:
        """Models with numbers below `before`, newest first, without cards; 0 for component or role means any."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_PAGE, component, role, before, limit)
        return [model_of(row) for row in rows]

    async def get(self, version: str) -> Model:
        """A model with its card. Raises NotFound."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(GET, version)
        if row is None:
            raise NotFound("model", version)
        return model_of(row)

    async def champion(self, component: Component) -> Model | None:
        """The model that decides, with its card; None where the component has none."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(CHAMPION, int(component))
        return None if row is None else model_of(row)

    async def package(self, number: int) -> Package:
        """All that loading a model needs. The number must be a registered model's."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_PACKAGE, number)
        if row is None:
            raise NotFound("model", str(number))
        return _package(row)

    async def in_role(self) -> InRole:
        """Who plays a part now, read in one statement."""
        async with self._database.reading() as tx:
            rows = await tx.driver.fetch(_IN_ROLE)
        found = {role: tuple(row["model_no"] for row in rows if row["role"] == role) for role in (1, 2)}
        return InRole(rows[0]["change_no"], found[1], found[2])

    async def trained(self, caller: str, request_id: str, digest: bytes) -> Model | None:
        """The model that this request gave before; None where it is new. Raises AlreadyExists (REQUEST_ID_REUSED)."""
        async with self._database.reading() as tx:
            row = await tx.driver.fetchrow(_REMEMBERED, caller, request_id)
            if row is None:
                return None
            if row["digest"] != digest:
                raise AlreadyExists(
                    "REQUEST_ID_REUSED", "this request_id was used with another payload", request_id=request_id
                )
            return model_of(await tx.driver.fetchrow(GET_BY_NUMBER, row["model_no"]))

    async def add_trained(self, package: Package, by: TrainedBy) -> Model:
        """Keeps a trained model and whose request gave it, in one transaction.

        The same model trained before stays as it is and is answered; so is what the same request gave meanwhile.
        Raises AlreadyExists (REQUEST_ID_REUSED).
        """
        async with self._database.transaction() as tx:
            number = await add_model(tx, package, by.subject, by.at)
            await tx.driver.execute(_REMEMBER, by.caller, by.request_id, by.digest, number, by.subject, by.at)
        found = await self.trained(by.caller, by.request_id, by.digest)
        if found is None:
            raise RuntimeError("what was just written is not there")
        return found


async def add_model(tx: Transaction, package: Package, by: str, at: datetime) -> int:
    """The number of a model, added now where it was not there. Raises InvalidArgument for another model's version."""
    facts, auc = package.facts, package.facts.auc
    number: int | None = await tx.driver.fetchval(
        _ADD,
        package.version,
        int(package.component),
        package.artefact,
        bytes.fromhex(package.artefact_sha256),
        bytes.fromhex(package.schema_sha256),
        json.dumps(package.card, ensure_ascii=False, sort_keys=True),
        package.markdown,
        facts.row_count,
        facts.bad_count,
        *((None, None, None) if auc is None else (auc.value, auc.low, auc.high)),
        by,
        at,
    )
    if number is not None:
        await tx.driver.execute(_ADD_STANDING, number, int(package.component))
        return number
    row = await tx.driver.fetchrow("select model_no, artefact_sha256 from models where version = $1", package.version)
    if row["artefact_sha256"].hex() != package.artefact_sha256:
        raise InvalidArgument("version", "is another model's", value=package.version)
    known: int = row["model_no"]
    return known


def model_of(row: Any) -> Model:
    """A row of a model with its standing, and its card where it was read."""
    return Model(
        number=row["model_no"],
        version=row["version"],
        component=Component(row["component"]),
        artefact_sha256=row["artefact_sha256"].hex(),
        schema_sha256=row["schema_sha256"].hex(),
        trained_by=row["trained_by"],
        trained_at=row["trained_at"],
        facts=_facts(row),
        standing=Standing(
            role=Role(row["role"]),
            proposed_role=Role(row["proposed_role"]),
            proposed_by=row["proposed_by"],
            approved_by=row["approved_by"],
            since=row["in_role_since"],
        ),
        card_json=row.get("card_json", ""),
        card_markdown=row.get("card_markdown", ""),
    )


def _package(row: Any) -> Package:
    return Package(
        version=row["version"],
        component=Component(row["component"]),
        artefact=row["artefact"],
        artefact_sha256=row["artefact_sha256"].hex(),
        schema_sha256=row["schema_sha256"].hex(),
        card=json.loads(row["card_json"]),
        markdown=row["card_markdown"],
        facts=_facts(row),
    )


def _facts(row: Any) -> Facts:
    auc = None if row["auc"] is None else Figure(row["auc"], row["auc_low"], row["auc_high"])
    return Facts(row["row_count"], row["bad_count"], auc)
