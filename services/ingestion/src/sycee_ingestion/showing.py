"""Puts together what makes and shows portraits, with what keeps them up in the background."""

from __future__ import annotations

from sycee_service.database import Database
from sycee_service.host import Host, StartRefusedError

from sycee_ingestion.accesses import AccessLog
from sycee_ingestion.handlers.profiles import ProfileHandlers
from sycee_ingestion.handlers.training import TrainingHandlers
from sycee_ingestion.keeping_up import KeepingUp
from sycee_ingestion.past_portraits import PastPortraits
from sycee_ingestion.portraying import Portrayer, Stores
from sycee_ingestion.review_reading import ReviewReading
from sycee_ingestion.sealing import Sealer
from sycee_ingestion.service.profiles import ProfileService
from sycee_ingestion.service.training import TrainingService
from sycee_ingestion.settings import Settings
from sycee_ingestion.store.claims import Claims
from sycee_ingestion.store.frames import FrameStore
from sycee_ingestion.store.notices import Notices
from sycee_ingestion.store.portraits import PortraitStore
from sycee_ingestion.store.profiles import ProfileStore
from sycee_ingestion.store.review_facts import ReviewStore


def show_portraits(
    host: Host[Settings], database: Database, sealer: Sealer, accesses: AccessLog
) -> tuple[ProfileHandlers, TrainingHandlers]:
    """The handlers of portraits and training rows; their tasks run with the host. Raises StartRefusedError."""
    settings, clock = host.settings, host.clock
    if settings.database_url is None:
        raise StartRefusedError("this service needs database_url")
    url = settings.database_url.get_secret_value()
    profiles, portraits = ProfileStore(database, sealer), PortraitStore(database)
    notices, claims = Notices(url), Claims(url)
    stores = Stores(profiles, FrameStore(database), portraits, ReviewReading(ReviewStore(database)))
    asked, background = Portrayer(stores, clock, "asked"), Portrayer(stores, clock, "background")
    keeping_up = KeepingUp(
        background,
        portraits,
        claims,
        clock,
        poll_s=settings.portray_poll_ms / 1000,
        quiet_s=settings.portray_quiet_ms / 1000,
        latest_s=settings.portray_latest_ms / 1000,
    )
    host.background("readying portraits", asked.prepare)
    host.background("portraits", keeping_up.run)
    host.background("notices", notices.run)
    host.on_close(claims.close)
    host.on_close(asked.close)
    host.on_close(background.close)
    past = PastPortraits(settings.past_portraits_kept)
    return (
        ProfileHandlers(ProfileService(profiles, asked, past, notices, clock), accesses),
        TrainingHandlers(TrainingService(profiles, background, clock)),
    )
