"""Puts the registry together: what is kept, what serves, who may change it."""

from __future__ import annotations

from collections.abc import Mapping

from sycee_service.database import Database
from sycee_service.host import Host

from sycee_scoring.handlers.models import ModelHandlers
from sycee_scoring.registry.known_loaders import LOADERS
from sycee_scoring.registry.loaders import Loader
from sycee_scoring.registry.model import Component
from sycee_scoring.registry.serving import Models
from sycee_scoring.service.model_shelf import ModelShelf
from sycee_scoring.service.model_training import ModelTraining
from sycee_scoring.service.model_watch import POLL_S, ModelWatch
from sycee_scoring.service.models import ModelService
from sycee_scoring.settings import Settings
from sycee_scoring.store.model_roles import RoleListener, RoleStore
from sycee_scoring.store.models import ModelStore
from sycee_scoring.store.scores import ScoreStore


async def keep_models(
    host: Host[Settings],
    database: Database,
    loaders: Mapping[Component, Loader] = LOADERS,
    poll_s: float = POLL_S,
) -> tuple[Models, ModelHandlers]:
    """The models in force, kept so from now on, and the handlers of their life.

    Raises ModelRefusedError, which stops the start, when what comes with the code or a champion in force cannot be
    loaded.
    """
    store, roles = ModelStore(database), RoleStore(database)
    shelf = ModelShelf(store, loaders)
    watch = ModelWatch(store, roles, shelf, host.clock, poll_s)
    await watch.start()
    host.background("models", lambda: watch.run(RoleListener(database)))
    training = ModelTraining(store, shelf, host.clock, ScoreStore(database))
    host.on_close(training.close)
    return watch.models, ModelHandlers(ModelService(store, roles, shelf, host.clock), training)
