"""The models and their roles: shown, proposed, put in force by a second person, rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sycee_service.clock import Clock
from sycee_service.errors import FailedPrecondition, InvalidArgument
from sycee_service.outbox import Event
from sycee_service.wire import page_token_decode, page_token_encode

from sycee_scoring.registry.loaders import ModelRefusedError
from sycee_scoring.registry.model import Component, Model, Role
from sycee_scoring.registry.roles import MAX_CHALLENGERS, ChangeKind, Step, champion_before, next_step
from sycee_scoring.service.model_shelf import ModelShelf
from sycee_scoring.store.model_roles import Change, RoleBook, RoleStore
from sycee_scoring.store.models import ModelStore

PROMOTED: Final = "sycee.scoring.model.promoted.v1"
ROLLED_BACK: Final = "sycee.scoring.model.rolled_back.v1"

DEFAULT_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ModelPage:
    """Some models, newest first; the token is empty on the last page."""

    models: tuple[Model, ...]
    next_page_token: str


class ModelService:
    """Shows models and changes their roles. What is in force, every instance takes up by itself (`ModelWatch`)."""

    def __init__(self, models: ModelStore, roles: RoleStore, shelf: ModelShelf, clock: Clock) -> None:
        self._models = models
        self._roles = roles
        self._shelf = shelf
        self._clock = clock

    async def page(self, component: int, role: int, size: int, token: str) -> ModelPage:
        """A page of models without cards; 0 for component or role means any, 0 for size means 50.

        Raises InvalidArgument for a token that is not of this list.
        """
        size = size or DEFAULT_PAGE
        found = await self._models.page(component, role, _number_of(token), size + 1)
        rest = len(found) > size
        shown = tuple(found[:size])
        return ModelPage(shown, page_token_encode(str(shown[-1].number)) if rest else "")

    async def get(self, version: str) -> Model:
        """A model with its card. Raises NotFound."""
        return await self._models.get(version)

    async def promote(self, version: str, role: Role, reason: str, caller: str) -> tuple[Model, bool]:
        """Proposes the model for the role, or puts it in force where another person proposed it; whether it now is.

        Raises NotFound, FailedPrecondition (MODEL_REFUSED, MODEL_STATE), PermissionDenied (SECOND_PERSON_NEEDED).
        """
        asked = await self._models.get(version)
        await self._refuse_unfit(asked)
        async with self._roles.open(asked.component) as book:
            model = await book.find(version)
            step = next_step(version, model.standing, await book.trainers(model.number), caller, role)
            if step is Step.PROPOSE:
                proposal = Change(ChangeKind.PROPOSED, role, caller, "", reason, self._clock.now())
                await book.propose(model.number, proposal)
            else:
                by = model.standing.proposed_by
                change = Change(ChangeKind.PROMOTED, role, by, caller, reason, self._clock.now())
                await put_in_force(book, model, change)
            return await book.find(version), step is Step.PUT_IN_FORCE

    async def roll_back(self, component: Component, reason: str, caller: str) -> Model:
        """Puts the champion before the present one back in force; returns it.

        Rolling back twice goes back two champions. Raises FailedPrecondition (NO_EARLIER_CHAMPION, MODEL_REFUSED).
        """
        async with self._roles.open(component) as book:
            number = champion_before(await book.reigns())
            if number is None:
                raise FailedPrecondition(
                    "NO_EARLIER_CHAMPION",
                    f"{component.label} had no champion before this one",
                    component=component.label,
                )
            before = await book.numbered(number)
            await self._refuse_unfit(before)
            change = Change(ChangeKind.ROLLED_BACK, Role.CHAMPION, caller, caller, reason, self._clock.now())
            await put_in_force(book, before, change)
            return await book.find(before.version)

    async def _refuse_unfit(self, model: Model) -> None:
        """Raises FailedPrecondition (MODEL_REFUSED) where this code cannot load the model."""
        try:
            await self._shelf.load(model.number)
        except ModelRefusedError as error:
            raise FailedPrecondition("MODEL_REFUSED", str(error), version=model.version) from error


async def put_in_force(book: RoleBook, model: Model, change: Change) -> None:
    """Gives the model its role, with its line of history and its event. Persons and reasons stay in the registry."""
    number, displaced = await book.put_in_force(model.number, change, MAX_CHALLENGERS)
    book.emit(
        Event(
            type=ROLLED_BACK if change.kind is ChangeKind.ROLLED_BACK else PROMOTED,
            subject=model.version,
            data={
                "component": model.component.label,
                "version": model.version,
                "role": change.role.label,
                "displaced_version": displaced,
                "artefact_sha256": model.artefact_sha256,
                "change_number": number,
            },
        )
    )


def _number_of(token: str) -> int | None:
    if not token:
        return None
    (number,) = page_token_decode("page_token", token, 1)
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise InvalidArgument("page_token", "must be a next_page_token of this list", reason="PAGE_TOKEN_INVALID")
    return int(number)
