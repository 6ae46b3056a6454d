"""Reads the catalogue from its three YAML files, strictly: a wrong, missing or unknown key stops the start."""

import hashlib
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from sycee_limits.domain.catalogue import (
    Capital,
    Catalogue,
    Lender,
    LoanPrimeRate,
    Policy,
    Product,
    Season,
    TenureStep,
)
from sycee_limits.domain.kinds import BUSINESS_PURPOSES, Grade, LenderKind, LoanPurpose, RepaymentMethod

PRODUCTS_MAX = 500
LENDERS_MAX = 500
FILES = ("products.yaml", "lenders.yaml", "policy.yaml")


class CatalogueError(Exception):
    """The catalogue cannot be used. The text names the file and every key that is wrong."""


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {str(key) for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(
            None, None, f"written twice: {', '.join(sorted(twice))}", node.start_mark
        )
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _named(kind: type[Any]) -> BeforeValidator:
    def by_name(value: object) -> object:
        if isinstance(value, str) and value != "UNSPECIFIED" and value in kind.__members__:
            return kind[value]
        raise ValueError(f"one of {', '.join(name for name in kind.__members__ if name != 'UNSPECIFIED')}")

    return BeforeValidator(by_name)


_Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
_Name = Annotated[str, Field(min_length=1, max_length=100)]
_Yuan = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000_000)]
_Loan = Annotated[int, Field(strict=True, gt=0, le=1_000_000_000)]
_Bp = Annotated[int, Field(strict=True, ge=0, le=10_000)]
_Milli = Annotated[int, Field(strict=True, ge=0, le=1_000)]
_Months = Annotated[int, Field(strict=True, ge=0, le=1_200)]
_Term = Annotated[int, Field(strict=True, ge=1, le=60)]
_Day = Annotated[date, Field(strict=True)]
_Grade = Annotated[Grade, _named(Grade)]
_Purpose = Annotated[LoanPurpose, _named(LoanPurpose)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Season(_File):
    name_zh: _Name
    name_en: _Name
    opens: _Day
    event: _Day
    repay_by: _Day

    @model_validator(mode="after")
    def _ordered(self) -> "_Season":
        if not self.opens <= self.event:
            raise ValueError("a season opens no later than its event")
        if not 30 <= (self.repay_by - self.event).days <= 60:
            raise ValueError("all is repaid 30 to 60 days after the event (LM-03)")
        return self


class _Product(_File):
    product_id: _Id
    name_zh: _Name
    name_en: _Name
    purpose: _Purpose
    min_yuan: _Loan
    max_yuan: _Loan
    programme_limit_yuan: _Yuan
    terms_months: Annotated[list[_Term], Field(min_length=1, max_length=60)]
    methods: Annotated[
        list[Annotated[RepaymentMethod, _named(RepaymentMethod)]], Field(min_length=1, max_length=len(RepaymentMethod))
    ]
    min_months_of_history: _Months
    sales_multiple: Annotated[float, Field(strict=True, ge=0, le=2)]
    seasons: Annotated[list[_Season], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _sound(self) -> "_Product":
        if self.min_yuan > self.max_yuan:
            raise ValueError("min_yuan is above max_yuan")
        if self.terms_months != sorted(set(self.terms_months)):
            raise ValueError("terms_months ascend and differ")
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("methods differ")
        if self.purpose is LoanPurpose.SECURITIES_OR_PROPERTY:
            raise ValueError("no product is for securities or property (CN-MICRO-05)")
        if 0 < self.sales_multiple < 0.5:
            raise ValueError("sales_multiple is 0.5 to 2.0 (LM-01), or 0 for a product that sales do not size")
        if self.seasons and not self.sales_multiple:
            raise ValueError("a seasonal product is sized by sales (LM-03)")
        return self

    def domain(self) -> Product:
        return Product(
            product_id=self.product_id,
            name_zh=self.name_zh,
            name_en=self.name_en,
            purpose=self.purpose,
            min_fen=self.min_yuan * 100,
            max_fen=self.max_yuan * 100,
            programme_limit_fen=self.programme_limit_yuan * 100,
            terms_months=tuple(self.terms_months),
            methods=tuple(self.methods),
            min_months_of_history=self.min_months_of_history,
            sales_multiple_milli=round(self.sales_multiple * 1000),
            seasons=tuple(Season(**season.model_dump()) for season in self.seasons),
        )


class _Products(_File):
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    products: Annotated[list[_Product], Field(min_length=1, max_length=PRODUCTS_MAX)]


class _Capital(_File):
    day: _Day
    yuan: _Yuan


class _Lender(_File):
    lender_id: _Id
    name_zh: _Name
    name_en: _Name
    kind: Annotated[LenderKind, _named(LenderKind)]
    capital: Annotated[list[_Capital], Field(min_length=1, max_length=100)]
    cost_of_funds_bp: _Bp
    operating_cost_bp: _Bp
    loss_given_default_milli: _Milli
    risk_weight_milli: Annotated[int, Field(strict=True, gt=0, le=12_500)]
    capital_ratio_milli: Annotated[int, Field(strict=True, gt=0, le=1_000)]
    return_on_capital_bp: _Bp
    appetite: Annotated[dict[_Purpose, _Grade], Field(min_length=1)]
    provinces: list[Annotated[str, Field(pattern=r"^[1-9][0-9]$")]]
    max_per_borrower_yuan: _Yuan
    programme_limit_yuan: _Yuan

    @model_validator(mode="after")
    def _sound(self) -> "_Lender":
        if self.kind is LenderKind.CONSUMER_FINANCE and BUSINESS_PURPOSES & self.appetite.keys():
            raise ValueError("a consumer-finance company never funds a business purpose (CN-CFC-01)")
        if Grade.E in self.appetite.values():
            raise ValueError("grade E is not lendable")
        if LoanPurpose.SECURITIES_OR_PROPERTY in self.appetite:
            raise ValueError("nobody funds securities or property (CN-MICRO-05)")
        if [figure.day for figure in self.capital] != sorted({figure.day for figure in self.capital}):
            raise ValueError("capital days ascend and differ")
        return self

    def domain(self) -> Lender:
        return Lender(
            lender_id=self.lender_id,
            name_zh=self.name_zh,
            name_en=self.name_en,
            kind=self.kind,
            capital=tuple(Capital(figure.day, figure.yuan * 100) for figure in self.capital),
            cost_of_funds_bp=self.cost_of_funds_bp,
            operating_cost_bp=self.operating_cost_bp,
            loss_given_default_milli=self.loss_given_default_milli,
            risk_weight_milli=self.risk_weight_milli,
            capital_ratio_milli=self.capital_ratio_milli,
            return_on_capital_bp=self.return_on_capital_bp,
            appetite=dict(self.appetite),
            provinces=frozenset(self.provinces),
            max_per_borrower_fen=self.max_per_borrower_yuan * 100,
            programme_limit_fen=self.programme_limit_yuan * 100,
        )


class _Lenders(_File):
    lenders: Annotated[list[_Lender], Field(min_length=1, max_length=LENDERS_MAX)]


class _TenureStep(_File):
    from_months: _Months
    factor_milli: _Milli


class _LoanPrimeRate(_File):
    day: _Day
    rate_bp: _Bp


class _Policy(_File):
    merchant_cap_yuan: _Yuan
    grade_factors_milli: dict[_Grade, _Milli]
    tenure_steps: Annotated[list[_TenureStep], Field(min_length=1, max_length=50)]
    debt_service_cover_milli: Annotated[int, Field(strict=True, ge=1_200, le=5_000)]
    operating_margin_milli: _Milli
    total_debt_months_milli: Annotated[int, Field(strict=True, ge=0, le=60_000)]
    new_shop_debt_max_yuan: _Yuan
    season_share_max_milli: Annotated[int, Field(strict=True, ge=0, le=500)]
    nominal_cap_bp: Annotated[int, Field(strict=True, gt=0, le=2_400)]
    effective_cap_bp: Annotated[int, Field(strict=True, gt=0, le=2_400)]
    esg_discount_max_bp: Annotated[int, Field(strict=True, ge=0, le=50)]
    income_tax_milli: Annotated[int, Field(strict=True, ge=0, le=900)]
    vat_on_interest_milli: Annotated[int, Field(strict=True, ge=0, le=500)]
    vat_exempt_max_yuan: _Yuan
    vat_exempt_until: _Day
    loan_prime_rates: Annotated[list[_LoanPrimeRate], Field(min_length=1, max_length=1_000)]
    four_lpr_binds_from: _Day

    @model_validator(mode="after")
    def _sound(self) -> "_Policy":
        if set(self.grade_factors_milli) != set(Grade) - {Grade.UNSPECIFIED}:
            raise ValueError("grade_factors_milli names every grade from A to E")
        if self.grade_factors_milli[Grade.E]:
            raise ValueError("grade E earns nothing")
        if self.tenure_steps[0].from_months != 0:
            raise ValueError("tenure_steps begin at 0 months")
        return self

    def domain(self) -> Policy:
        plain = self.model_dump(exclude={"tenure_steps", "loan_prime_rates"})
        in_fen = {
            f"{key.removesuffix('_yuan')}_fen" if key.endswith("_yuan") else key: (
                value * 100 if key.endswith("_yuan") else value
            )
            for key, value in plain.items()
        }
        return Policy(
            **in_fen,
            tenure_steps=tuple(TenureStep(step.from_months, step.factor_milli) for step in self.tenure_steps),
            loan_prime_rates=tuple(LoanPrimeRate(rate.day, rate.rate_bp) for rate in self.loan_prime_rates),
        )


_Model = TypeVar("_Model", bound=_File)


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """The catalogue of a folder that holds products.yaml, lenders.yaml and policy.yaml; None = the one that ships.

    The version is the declared one and a digest of all three files. Errors: CatalogueError.
    """
    place: Traversable = folder if folder is not None else files("sycee_limits.catalogue")
    texts = {name: _text(place, name) for name in FILES}
    products = _parsed("products.yaml", texts, _Products)
    lenders = _parsed("lenders.yaml", texts, _Lenders)
    policy = _parsed("policy.yaml", texts, _Policy)
    _once("products.yaml", [product.product_id for product in products.products])
    _once("lenders.yaml", [lender.lender_id for lender in lenders.lenders])
    digest = hashlib.sha256(b"\0".join(texts[name] for name in FILES)).hexdigest()[:12]
    return Catalogue(
        version=f"{products.version}+{digest}",
        products={product.product_id: product.domain() for product in _by_id(products.products, "product_id")},
        lenders={lender.lender_id: lender.domain() for lender in _by_id(lenders.lenders, "lender_id")},
        policy=policy.domain(),
    )


def _by_id(listed: list[_Model], key: str) -> list[_Model]:
    return sorted(listed, key=lambda found: str(getattr(found, key)))


def _text(place: Traversable, name: str) -> bytes:
    try:
        return place.joinpath(name).read_bytes()
    except OSError as error:
        raise CatalogueError(f"{name}: cannot be read ({error.__class__.__name__})") from error


def _parsed(name: str, texts: dict[str, bytes], model: type[_Model]) -> _Model:
    try:
        return model.model_validate(yaml.load(texts[name], Loader=_StrictLoader))  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise CatalogueError(f"{name}: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise CatalogueError(f"{name}: {wrong}") from error


def _once(name: str, ids: list[str]) -> None:
    twice = sorted({found for found in ids if ids.count(found) > 1})
    if twice:
        raise CatalogueError(f"{name}: written twice: {', '.join(twice)}")
