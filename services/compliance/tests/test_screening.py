"""Screening: variants are found, common names are not, and lists that cannot be trusted are not used."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sycee.compliance.v1 import compliance_pb2
from sycee_compliance.domain.name_index import CANDIDATES_MAX, NameIndex
from sycee_compliance.domain.names import name_forms, romanise
from sycee_compliance.domain.outcome import Outcome
from sycee_compliance.domain.screening import (
    COLUMNS,
    Party,
    PartyKind,
    ScreeningList,
    ScreeningListError,
    read_list,
)
from sycee_compliance.screening_desk import ScreeningDesk
from sycee_service.clock import ManualClock
from sycee_service.errors import Unavailable

HEADER = ",".join(COLUMNS)
LISTED = """\
CN-X,stop,1,organisation,黑石崖贸易(模拟制裁)有限公司,Heishiya Trading Co. Ltd,
CN-X,stop,2,person,司马无名,,110101197001011234
CN-X,stop,3,person,单雄信,,
FOREIGN-X,escalate,4,organisation,Nowhere Harbour Shipping LLC,Nowhere Harbor Shipping|NHS Lines Worldwide,
FOREIGN-X,escalate,5,person,Nemo Ficticio Simulado,,
FOREIGN-X,escalate,6,,Ombra Inventata,,
"""
PERSON, ORGANISATION = PartyKind.PERSON, PartyKind.ORGANISATION


@pytest.fixture(scope="module")
def lists() -> ScreeningList:
    return read_list(f"{HEADER}\n{LISTED}".encode(), date(2026, 11, 1))


@pytest.mark.parametrize(
    ("name", "kind", "entry", "outcome"),
    [
        ("黑石崖贸易(模拟制裁)有限公司", ORGANISATION, "1", Outcome.BLOCK),
        ("黑石崖贸易（模拟制裁）有限公司", ORGANISATION, "1", Outcome.BLOCK),
        (" 黑石崖 贸易【模拟制裁】有限公司 ", ORGANISATION, "1", Outcome.BLOCK),
        ("黑石崖贸易有限责任公司", ORGANISATION, "1", Outcome.BLOCK),
        ("黑石涯贸易有限公司", ORGANISATION, "1", Outcome.REFER),
        ("HEISHIYA TRADING", ORGANISATION, "1", Outcome.BLOCK),
        ("Heishiya Tradng Limited", ORGANISATION, "1", Outcome.REFER),
        ("司马无名", PERSON, "2", Outcome.BLOCK),
        ("司馬無名", PERSON, "2", Outcome.REFER),
        ("司马吴名", PERSON, "2", Outcome.REFER),
        ("Sima Wuming", PERSON, "2", Outcome.REFER),
        ("Wuming SIMA", PERSON, "2", Outcome.REFER),
        ("Si Ma Wu Ming", PERSON, "2", Outcome.REFER),
        ("Sima Wumin", PERSON, "2", Outcome.REFER),
        ("Shan Xiongxin", PERSON, "3", Outcome.REFER),
        ("Nowhere Harbour Shiping", ORGANISATION, "4", Outcome.REFER),
        ("Shipping Nowhere Harbor", ORGANISATION, "4", Outcome.REFER),
        ("Nemo Simulado", PERSON, "5", Outcome.REFER),
        ("Némo Fictício Simulado", PERSON, "5", Outcome.REFER),
        ("Ombra Inventata", PERSON, "6", Outcome.REFER),
        ("Ombra Inventata", ORGANISATION, "6", Outcome.REFER),
    ],
)
def test_variants_are_found(lists: ScreeningList, name: str, kind: PartyKind, entry: str, outcome: Outcome) -> None:
    screening = lists.screen(Party(name, kind))
    assert [hit.entry_id for hit in screening.hits] == [entry]
    assert screening.outcome is outcome


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, PERSON) for name in ("王伟", "李娜", "司马光", "马无忌", "张三丰", "单小明")),
        *((name, PERSON) for name in ("Wang Wei", "Simon Wu", "Nemo")),
        *((name, ORGANISATION) for name in ("杭州云锦服饰有限公司", "黑龙江贸易有限公司", "石头记贸易有限公司")),
        *((name, ORGANISATION) for name in ("有限公司", "Harbour Shipping")),
    ],
)  # fmt: skip
def test_common_names_are_not(lists: ScreeningList, name: str, kind: PartyKind) -> None:
    screening = lists.screen(Party(name, kind))
    assert (screening.hits, screening.outcome) == ((), Outcome.PASS)


def test_the_number_raises_and_lowers(lists: ScreeningList) -> None:
    same = lists.screen(Party("别名", PERSON, "110101197001011234"))
    assert (same.hits[0].entry_id, same.hits[0].similarity, same.outcome) == ("2", 1.0, Outcome.BLOCK)
    namesake = lists.screen(Party("司马无名", PERSON, "330000199002281238"))
    assert namesake.outcome is Outcome.REFER
    assert not lists.screen(Party("司马吴名", PERSON, "330000199002281238")).hits
    # The entry for the other person bears no number: nothing speaks against it.
    assert lists.screen(Party("单雄信", PERSON, "330000199002281238")).outcome is Outcome.BLOCK


def test_another_kind_lowers(lists: ScreeningList) -> None:
    assert lists.screen(Party("司马无名", ORGANISATION)).outcome is Outcome.REFER


def test_a_name_without_letters_is_not_clear(lists: ScreeningList) -> None:
    screening = lists.screen(Party("!?…", PERSON))
    assert (screening.hits, screening.outcome) == ((), Outcome.REFER)


def test_what_was_looked_at_is_told(lists: ScreeningList) -> None:
    screening = lists.screen(Party("王伟", PERSON))
    assert screening.name_count == 9
    assert [version.split("+")[0] for version in screening.list_versions] == ["CN-X@2026-11-01", "FOREIGN-X@2026-11-01"]


def test_hits_merge_and_are_bounded() -> None:
    rows = "".join(f"L,stop,{at},person,欧阳乌有,,\n" for at in range(30))
    lists = read_list(f"{HEADER}\n{rows}".encode(), date(2026, 11, 1))
    one = lists.screen(Party("欧阳乌有", PERSON))
    assert len(one.hits) == 10
    assert lists.merge([one, one]).hits == one.hits
    assert lists.merge([lists.screen(Party("王伟", PERSON))]).outcome is Outcome.PASS
    assert lists.not_screened().outcome is Outcome.REFER


@pytest.mark.parametrize(
    ("hanzi", "words"),
    [
        ("司马无名", ("sima", "wuming")),
        ("单雄信", ("shan", "xiongxin")),
        ("吕布", ("lu", "bu")),
        ("诸葛", ("zhu", "ge")),
        ("王", ("wang",)),
    ],
)
def test_readings(hanzi: str, words: tuple[str, ...]) -> None:
    assert romanise(hanzi, person=True) == words


def test_names_are_not_printed() -> None:
    assert "司马" not in repr(Party("司马无名", PERSON, "1"))
    assert "司马" not in repr(name_forms("司马无名", person=True))


def test_candidates_are_bounded() -> None:
    forms = [form for at in range(3_000) for form in name_forms(f"Common Name {at % 7}", person=False)]
    index = NameIndex(forms)
    assert 0 < len(index.candidates(forms[0])) <= CANDIDATES_MAX


def test_misspelt_names_are_found_among_many() -> None:
    """The prefilter keeps what the comparison would take: one slip in a longer name, ten thousand names around it."""
    rng = random.Random(7)
    syllables = ("ba", "ko", "ri", "ten", "shu", "mal", "vo", "gri", "nor", "del", "sa", "phi", "tu", "we", "jan")
    names = ["".join(rng.choices(syllables, k=3)) + " " + "".join(rng.choices(syllables, k=3)) for _ in range(10_000)]
    rows = "".join(f"L,escalate,{at},person,{name},,\n" for at, name in enumerate(names))
    lists = read_list(f"{HEADER}\n{rows}".encode(), date(2026, 11, 1))
    found = 0
    for at in range(0, 10_000, 50):
        place = rng.randrange(len(names[at]))
        misspelt = names[at][:place] + "x" + names[at][place + 1 :]
        found += any(hit.entry_id == str(at) for hit in lists.screen(Party(misspelt, PERSON)).hits)
    assert found >= 196


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "header"),
        (b"list_id,name\n", "header"),
        (HEADER.encode(), "no entry"),
        (f"{HEADER}\nL,stop,1,person,,,\n".encode(), "line 2: name"),
        (f"{HEADER}\nL,halt,1,person,Abc,,\n".encode(), "line 2: force"),
        (f"{HEADER}\nL,stop,1,ship,Abc,,\n".encode(), "line 2: kind"),
        (f"{HEADER}\nL,stop,1,person,Abc\n".encode(), "line 2: needs 7"),
        (f"{HEADER}\nL,stop,1,person,Abc,,,,\n".encode(), "line 2: needs 7"),
        (f"{HEADER}\nL,stop,1,person,Abc,,\nL,stop,1,person,Abd,,\n".encode(), "line 3: list_id"),
        (f'{HEADER}\nL,stop,1,person,"Abc,,\n'.encode(), "CSV"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_wrong_list_is_refused_without_quoting_it(content: bytes, says: str) -> None:
    with pytest.raises(ScreeningListError, match=says) as refused:
        read_list(content, date(2026, 11, 1))
    assert "Abc" not in str(refused.value)


def test_the_shipped_sample_is_simulated_and_agreed_upon() -> None:
    desk = ScreeningDesk(None, timedelta(hours=1), ManualClock(datetime(2036, 1, 1, tzinfo=UTC)))
    desk.load()
    organisation = desk.lists().screen(Party("黑石崖贸易(模拟制裁)有限公司", ORGANISATION))
    person = desk.lists().screen(Party("司马无名", PERSON))
    assert organisation.outcome is person.outcome is Outcome.BLOCK
    assert organisation.hits[0].list_id == person.hits[0].list_id == "CN-TERROR-SIM"
    assert all("SIM@" in version for version in person.list_versions)


async def test_lists_are_renewed_and_age(tmp_path: Path) -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    clock, path = ManualClock(start), tmp_path / "lists.csv"
    desk = ScreeningDesk(path, timedelta(hours=72), clock)
    desk.load()
    with pytest.raises(Unavailable, match="no screening list"):
        await desk.check()

    def deliver(content: str, at: datetime) -> None:
        path.write_text(content, "utf-8")
        os.utime(path, (at.timestamp(), at.timestamp()))
        desk.load()

    deliver(f"{HEADER}\n{LISTED}", start)
    assert desk.lists().name_count == 9
    deliver(f"{HEADER}\nL,stop,1,person,欧阳乌有,,\n", start + timedelta(seconds=1))
    assert desk.lists().name_count == 1
    deliver("broken", start + timedelta(seconds=2))
    assert desk.lists().name_count == 1, "a file that cannot be used leaves the lists before it"
    clock.advance(timedelta(hours=73))
    with pytest.raises(Unavailable) as stale:
        desk.lists()
    assert stale.value.reason == "SCREENING_LIST_STALE"
    deliver(f"{HEADER}\nL,stop,1,person,欧阳乌有,,\n", clock.now())
    await desk.check()
    path.unlink()
    desk.load()
    assert desk.lists().name_count == 1


def test_kinds_are_those_of_the_contract() -> None:
    names = {f"PARTY_KIND_{kind.name}": kind.value for kind in PartyKind}
    assert names == dict(compliance_pb2.PartyKind.items())
