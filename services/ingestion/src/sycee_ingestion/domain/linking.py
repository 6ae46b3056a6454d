"""Which merchants are run by one operator: what they are looked up by, and how sure the evidence makes it.

After Fellegi and Sunter (1969): each thing that two merchants agree or differ in adds ln(m / u) to the log-odds, where
m is how often it agrees within one operator's merchants and u how often between strangers. m is judgement (there are no
labelled pairs to fit it on). u is counted among the N merchants there are: of c that hold a value, those above the
`crew` that one operator may run are strangers, and `chance` more are expected in any case (a spouse's phone, a typing
error), so that a stranger holds it with probability (chance + max(0, c - crew)) / N. Both are judgement. A phone held
by two thus says much, and an agent's, held by two hundred, nothing.

The odds that a random pair belongs together are PARTNERS / N. What households and offices share (phone, account,
address, name) is not independent: all but the strongest of these count by half, for the link and against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import exp, log

from rapidfuzz import fuzz

from sycee_ingestion.domain import addresses, business_names
from sycee_ingestion.domain.addresses import Address, AddressMatch

PROPOSE_FROM = 0.5
"""The score from which a link is proposed to a person: more likely than not."""

MOST_HOLDERS = 200
"""A key that more merchants hold finds nobody: it would find a crowd, and speaks for nothing."""

MOST_CANDIDATES = 50
"""Merchants that one is compared with, those with the rarest keys in common first."""

HOLDERS_COUNTED = 2_000
"""Holders of a key are counted up to here."""

SMALLEST_POPULATION = 1_000
"""Among fewer merchants, frequencies tell little: they are taken as if there were so many."""

PARTNERS = 0.3
"""Other merchants of the same operator that a merchant has on average. Judgement."""

DEPENDENT = 0.5
"""What further evidence of one household or office counts, beside the strongest. Judgement."""

_NAMES_ALIKE = 70.0
"""rapidfuzz's ratio (0 to 100) of two cores from which they are similar. Judgement."""

_NEIGHBOURS = 0.5
"""Share of the information in pairs of characters that is their own: neighbouring pairs overlap by a character."""


class KeyKind(IntEnum):
    """What merchants are looked up by. The numbers are stored: they are never re-used."""

    USCC = 1
    RESIDENT_ID = 2
    PHONE = 3
    ACCOUNT = 4
    NAME = 5
    SOUND = 6
    GRAM = 7
    HOUSE = 8
    DOOR = 9
    PAYOUT = 10
    """An account that settlement events name, as their sender's digest: the same within one source only."""


Key = tuple[KeyKind, str | bytes]
"""A kind and the value, or a digest of the value where that is all there is."""

Holders = Mapping[Key, int]
"""How many merchants hold each key of the merchant that is looked from, itself included."""


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """A merchant as it is compared. Resident id, phone, accounts, payouts are digests; the rest is plain: no repr."""

    merchant_id: str
    uscc: str
    resident_id: bytes | None
    phone: bytes | None
    accounts: frozenset[bytes]
    payouts: frozenset[bytes]
    core: str
    address: Address

    @classmethod
    def of(
        cls,
        merchant_id: str,
        *,
        name: str,
        uscc: str,
        resident_id: bytes | None,
        phone: bytes | None,
        accounts: Iterable[bytes],
        address: str,
        payouts: Iterable[bytes] = (),
    ) -> Party:
        """A merchant with its name and address taken apart. A name that is but the id (of an import) says nothing."""
        core = "" if name == merchant_id else business_names.core(name)
        return cls(
            merchant_id=merchant_id,
            uscc=uscc,
            resident_id=resident_id,
            phone=phone,
            accounts=frozenset(accounts),
            payouts=frozenset(payouts),
            core=core,
            address=addresses.parse(address),
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence: `weight` in log-odds. Its texts never hold the thing itself."""

    code: str
    weight: float
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """How likely two merchants are one operator's, 0 to 1, and why. The weights add up to the log-odds of the score."""

    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Shared:
    """Who shares a value: strangers expected in any case, and merchants that one operator may run with it."""

    chance: float
    crew: int


@dataclass(frozen=True, slots=True)
class _Identifier:
    """An exact identifier: how often it agrees within an operator, who shares it, what it is called."""

    kind: KeyKind
    within: float
    shared: _Shared
    code: str
    zh: str
    en: str
    tells_apart: bool = True


# All judgement. A resident id is one person's but for typing errors; a phone may be a spouse's.
_IDENTIFIERS = (
    _Identifier(KeyKind.USCC, 0.4, _Shared(0.001, 20), "USCC", "统一社会信用代码", "unified social credit code"),
    _Identifier(
        KeyKind.RESIDENT_ID, 0.9, _Shared(0.001, 20), "RESIDENT_ID", "经营者身份证件", "operator's resident id"
    ),
    _Identifier(KeyKind.PHONE, 0.7, _Shared(0.05, 6), "PHONE", "手机号码", "phone"),
    _Identifier(KeyKind.ACCOUNT, 0.5, _Shared(0.02, 6), "ACCOUNT", "结算账户", "settlement account"),
    # Each platform makes digests of its own, so that other ones say nothing.
    _Identifier(KeyKind.PAYOUT, 0.5, _Shared(0.02, 6), "PAYOUT", "平台打款账户", "payout account", tells_apart=False),
)
_HOUSEHOLD = frozenset({"PHONE", "ACCOUNT", "PAYOUT", "NAME", "ADDRESS"})

# How often names and addresses agree in each way within one operator's merchants: judgement.
_SAME_NAME, _ALIKE_NAME, _SOUNDING_NAME = 0.3, 0.15, 0.05
_OTHER_NAME = 1 - _SAME_NAME - _ALIKE_NAME - _SOUNDING_NAME
_ROOM, _NUMBER, _OTHER_ROOM, _ELSEWHERE = 0.35, 0.1, 0.05, 0.5
_ROOM_SHARED, _NUMBER_SHARED, _OTHER_ROOM_SHARED = _Shared(0.3, 4), _Shared(1.0, 2), _Shared(3.0, 2)
_NAME_CREW, _NAME_CHANCE_LEAST, _NAME_CHANCE_MOST = 3, 0.1, 3.0


def keys_of(party: Party) -> list[Key]:
    """Everything that a merchant is looked up by, each key once."""
    core, address = party.core, party.address
    keys: list[Key] = [(kind, value) for kind in _EXACT for value in _values(party, kind)]
    if core:
        keys.append((KeyKind.NAME, core))
        keys += [(KeyKind.GRAM, gram) for gram in sorted(business_names.grams(core))]
    if sound := business_names.sound(core):
        keys.append((KeyKind.SOUND, sound))
    if address.house:
        keys.append((KeyKind.HOUSE, address.house))
    if address.door:
        keys.append((KeyKind.DOOR, address.door))
    return keys


_EXACT = tuple(identifier.kind for identifier in _IDENTIFIERS)


def judge(one: Party, other: Party, holders: Holders, population: int) -> Judgement:
    """How likely two merchants are one operator's. `holders` counts the keys of `one` among `population` merchants."""
    frequencies = _Frequencies(holders, max(population, SMALLEST_POPULATION))
    found = [reason for reason in _evidence(one, other, frequencies) if reason is not None]
    found = _household_halved(found)
    found.sort(key=lambda reason: (reason.weight < 0, -abs(reason.weight), reason.code))
    found.append(_base_rate(frequencies.population))
    return Judgement(1 / (1 + exp(-sum(reason.weight for reason in found))), tuple(found))


class _Frequencies:
    """How often values agree between strangers."""

    def __init__(self, holders: Holders, population: int) -> None:
        self.holders = holders
        self.population = population

    def count(self, kind: KeyKind, value: str | bytes) -> int:
        """Merchants that hold a value which two are known to hold."""
        return max(2, self.holders.get((kind, value), 2))

    def by_chance(self, count: int, shared: _Shared) -> float:
        """The probability that a stranger holds a value that `count` merchants hold."""
        return min(1.0, (shared.chance + max(0, count - shared.crew)) / self.population)

    def information(self, grams: Iterable[str]) -> float:
        """What it takes for a stranger's name to have these pairs of characters, in nats."""
        nats = sum(log(self.population / self.count(KeyKind.GRAM, gram)) for gram in grams)
        return _NEIGHBOURS * max(0.0, nats)


def _evidence(one: Party, other: Party, frequencies: _Frequencies) -> Iterable[Reason | None]:
    for identifier in _IDENTIFIERS:
        yield _identifier(one, other, identifier, frequencies)
    yield _name(one, other, frequencies)
    yield _address(one.address, other.address, frequencies)


def _values(party: Party, kind: KeyKind) -> list[str | bytes]:
    """A merchant's values of an exact identifier, in order."""
    if kind is KeyKind.USCC:
        return [party.uscc] if party.uscc else []
    if kind in (KeyKind.ACCOUNT, KeyKind.PAYOUT):
        return [*sorted(party.accounts if kind is KeyKind.ACCOUNT else party.payouts)]
    value = party.resident_id if kind is KeyKind.RESIDENT_ID else party.phone
    return [] if value is None else [value]


def _identifier(one: Party, other: Party, what: _Identifier, frequencies: _Frequencies) -> Reason | None:
    mine, theirs = _values(one, what.kind), _values(other, what.kind)
    if not mine or not theirs:
        return None
    shared = set(mine) & set(theirs)
    if not shared:
        if not what.tells_apart:
            return None
        return Reason(f"DIFFERENT_{what.code}", log(1 - what.within), f"{what.zh}不同", f"another {what.en}")
    count = min(frequencies.count(what.kind, value) for value in shared)
    weight = _weight(what.within, frequencies.by_chance(count, what.shared))
    return Reason(
        f"SAME_{what.code}",
        weight,
        f"{what.zh}相同（{_shared_zh(count)}）",
        f"the same {what.en} ({_shared_en(count)})",
    )


def _name(one: Party, other: Party, frequencies: _Frequencies) -> Reason | None:
    mine, theirs = one.core, other.core
    if not mine or not theirs:
        return None
    if mine == theirs:
        chance = frequencies.population * exp(-frequencies.information(business_names.grams(mine)))
        count = frequencies.count(KeyKind.NAME, mine)
        bounded = min(max(chance, _NAME_CHANCE_LEAST), _NAME_CHANCE_MOST)
        u = frequencies.by_chance(count, _Shared(bounded, _NAME_CREW))
        zh, en = f"字号相同（{_shared_zh(count)}）", f"the same name but for place and form ({_shared_en(count)})"
        return Reason("SIMILAR_NAME", _weight(_SAME_NAME, u), zh, en)
    sound = business_names.sound(mine) if _may_sound_alike(mine, theirs) else ""
    if sound and sound == business_names.sound(theirs):
        count = frequencies.count(KeyKind.SOUND, sound)
        weight = _weight(_SOUNDING_NAME, frequencies.by_chance(count, _Shared(_NAME_CHANCE_MOST, _NAME_CREW)))
        return Reason("SIMILAR_NAME", weight, "字号同音", "names that sound alike")
    if fuzz.ratio(mine, theirs) >= _NAMES_ALIKE:
        shared = business_names.grams(mine) & business_names.grams(theirs)
        u = max(exp(-frequencies.information(shared)), _NAME_CHANCE_MOST / frequencies.population)
        return Reason("SIMILAR_NAME", _weight(_ALIKE_NAME, u), "字号相近", "similar names")
    return Reason("DIFFERENT_NAME", log(_OTHER_NAME), "字号不同", "different names")


def _may_sound_alike(mine: str, theirs: str) -> bool:
    """Whether it is worth spelling two names out: as long as each other, and at least half of the characters agree."""
    agreeing = sum(a == b for a, b in zip(mine, theirs, strict=False))
    return len(mine) == len(theirs) and agreeing * 2 >= len(mine)


def _address(one: Address, other: Address, frequencies: _Frequencies) -> Reason | None:
    match addresses.compare(one, other):
        case AddressMatch.SAME_ROOM:
            count, within, shared = frequencies.count(KeyKind.DOOR, one.door), _ROOM, _ROOM_SHARED
            zh, en = "同一地址同一房号", "the same room of the same house"
        case AddressMatch.SAME_NUMBER:
            count, within, shared = frequencies.count(KeyKind.HOUSE, one.house), _NUMBER, _NUMBER_SHARED
            zh, en = "同一门牌", "the same house"
        case AddressMatch.OTHER_ROOM:
            count, within, shared = frequencies.count(KeyKind.HOUSE, one.house), _OTHER_ROOM, _OTHER_ROOM_SHARED
            zh, en = "同一门牌不同房号", "another room of the same house"
        case AddressMatch.DIFFERENT:
            return Reason("DIFFERENT_ADDRESS", log(_ELSEWHERE), "地址不同", "another address")
        case _:
            return None
    weight = _weight(within, frequencies.by_chance(count, shared))
    return Reason("SIMILAR_ADDRESS", weight, f"{zh}（{_shared_zh(count)}）", f"{en} ({_shared_en(count)})")


def _weight(within: float, by_chance: float) -> float:
    """Log-odds of an agreement; one that is commoner between strangers says nothing, not the contrary."""
    return max(0.0, log(within / by_chance))


def _household_halved(found: list[Reason]) -> list[Reason]:
    """The evidence with all but the strongest of what a household shares, and of what it does not, counted by half."""
    shared = [reason for reason in found if reason.code.partition("_")[2] in _HOUSEHOLD]
    strongest_for = max(shared, key=lambda reason: reason.weight, default=None)
    strongest_against = min(shared, key=lambda reason: reason.weight, default=None)
    return [
        Reason(reason.code, reason.weight * DEPENDENT, reason.text_zh, reason.text_en)
        if reason in shared and reason not in (strongest_for, strongest_against)
        else reason
        for reason in found
    ]


def _base_rate(population: int) -> Reason:
    return Reason(
        "BASE_RATE",
        log(PARTNERS / population),
        "任意两家商户属同一经营者的先验可能性很低",
        "any two merchants are rarely one operator's",
    )


def _shared_zh(count: int) -> str:
    return f"{'至少 ' if count >= HOLDERS_COUNTED else ''}{count} 户共有"


def _shared_en(count: int) -> str:
    return f"shared by {'at least ' if count >= HOLDERS_COUNTED else ''}{count}"
