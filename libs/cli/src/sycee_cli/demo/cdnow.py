"""A real shop: CDNOW, an online seller of music, with every order of the buyers who came first in early 1997.

The file travels inside the wheel `Lifetimes` (Fader and Hardie's CDNOW data set, 69,659 orders up to the end of June
1998). It is downloaded as data and never imported. Dollars become yuan at the official rate of 1998, about 8.28.
The shop had no Chinese operator and no entry in a Chinese register: those are simulated, and called so.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from sycee.common.v1.common_pb2 import BORROWER_KIND_ENTERPRISE, REGISTER_STATUS_ACTIVE
from sycee.compliance.v1.compliance_pb2 import (
    CONSENT_PURPOSE_BUREAU_QUERY,
    CONSENT_PURPOSE_CREDIT_DECISION,
    CONSENT_PURPOSE_LENDER_TRANSFER,
    RecordConsentRequest,
)
from sycee.ingestion.v1.ingestion_pb2 import Operator, RegisterEntry, RegisterMerchantRequest, Shop

from sycee_cli.days import SHANGHAI
from sycee_cli.suite.errors import SuiteError

MERCHANT_ID = "cdnow"
ORDERS = 69_659
WHEEL = "Lifetimes==0.11.3"
INSIDE = "lifetimes/datasets/CDNOW_master.txt"
SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
DECIDED_ON = datetime(1998, 7, 1, tzinfo=SHANGHAI)
DOWNLOAD_LIMIT_S = 300
# Numbers in the form of the real ones that belong to nobody; the region 330000 is no county's.
OPERATOR = Operator(name="沈拟唱", resident_id="330000196005120014", phone="16412345678")
USCC = "91339999MAJ3P3Q98U"

MAPPING = """\
# CDNOW_master.txt: one order a line, blanks between the columns.
file: {format: text}
source: cdnow
merchant: cdnow
occurred_at: {column: date, format: "%Y%m%d", time_zone: Asia/Shanghai}
events:
  - kind: order
    fields:
      buyer_id: {column: customer_id}
      item_count: {column: number_of_cds}
      amount: {column: dollar_value, from: USD, rate: "8.28"} # official rate of 1998
      category: music
"""


def orders_file(cache: Path) -> Path:
    """The file of orders, downloaded once and checked. Raises SuiteError when it cannot be had."""
    target = cache / "CDNOW_master.txt"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as unpacked:
            _unpack_wheel(Path(unpacked))
            (Path(unpacked) / INSIDE).replace(target)
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    if found != SHA256:
        target.unlink()
        raise SuiteError(f"{INSIDE} of {WHEEL} is not the file it was: SHA-256 {found}")
    return target


def _unpack_wheel(folder: Path) -> None:
    """Unpacks the wheel as plain files with uv or pip, whichever is there."""
    own_uv = Path(".cache/uv/bin/uv")
    uv = shutil.which("uv") or (str(own_uv) if own_uv.exists() else None)
    installer = [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    words = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder), WHEEL]
    try:
        done = subprocess.run(
            [*installer, *words], capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SuiteError(f"{WHEEL} cannot be downloaded: {error}") from error
    if done.returncode != 0:
        raise SuiteError(f"{WHEEL} cannot be downloaded: {done.stderr.strip()}")


def registration() -> RegisterMerchantRequest:
    """How the shop registers; operator and register entry are simulated."""
    return RegisterMerchantRequest(
        request_id=f"{MERCHANT_ID}-register",
        merchant_id=MERCHANT_ID,
        name="CDNOW(登记信息为模拟)",
        borrower_kind=BORROWER_KIND_ENTERPRISE,
        uscc=USCC,
        category="music",
        province_code="33",
        shops=[Shop(platform="cdnow", shop_id="cdnow", opened_on=Date(year=1994, month=8, day=1))],
        operator=OPERATOR,
        register_entry=RegisterEntry(
            status=REGISTER_STATUS_ACTIVE,
            registered_on=Date(year=1994, month=2, day=1),
            source="simulated",
            checked_at=_on(1998, 6, 1),
        ),
        simulated=True,
    )


def consents() -> list[RecordConsentRequest]:
    """Simulated consents, given before the day of the decision."""
    wanted = [
        (CONSENT_PURPOSE_CREDIT_DECISION, ""),
        (CONSENT_PURPOSE_BUREAU_QUERY, ""),
        (CONSENT_PURPOSE_LENDER_TRANSFER, "*"),
    ]
    return [
        RecordConsentRequest(
            request_id=f"{MERCHANT_ID}-consent-{purpose}",
            merchant_id=MERCHANT_ID,
            purpose=purpose,
            recipient=recipient,
            text_version="simulated-consent-1",
            evidence_sha256=hashlib.sha256(b"simulated consent of cdnow").hexdigest(),
            given_at=_on(1998, 6, 1),
        )
        for purpose, recipient in wanted
    ]


def decided_at() -> Timestamp:
    """The moment that the shop is decided as of."""
    return Timestamp(seconds=int(DECIDED_ON.timestamp()))


def _on(year: int, month: int, day: int) -> Timestamp:
    return Timestamp(seconds=int(datetime(year, month, day, 1, tzinfo=UTC).timestamp()))
