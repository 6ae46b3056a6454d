"""`sycee verify`: a receipt, checked offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf import json_format
from rich.console import Console
from sycee.compliance.v1.compliance_pb2 import GetTreeHeadResponse, TreeHead
from sycee_client.receipts import (
    ReceiptError,
    key_id,
    read_public_key,
    read_receipt,
    verify_head,
    verify_receipt,
)

from sycee_cli.commands.options import State
from sycee_cli.suite.errors import SuiteError
from sycee_cli.suite.folder import StateFolder
from sycee_cli.suite.keys import log_public_key_file

SHOWN = ("merchant_id", "product_id", "outcome", "requested_fen", "reasons")


def verify(
    state: State,
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="receipt.json of `sycee decide --out`.")],
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The log's public key, PEM; by default the local suite's.")
    ] = None,
    head: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A tree head published elsewhere (JSON of /v1/log/head): it must be the same."
        ),
    ] = None,
) -> None:
    """Check a receipt with the log's public key alone: no server is asked. Ends with 1 when it does not hold."""
    key_file = key or log_public_key_file(StateFolder(state))
    try:
        public_key = read_public_key(key_file.read_bytes())
        read = read_receipt(receipt.read_bytes())
        record = verify_receipt(read, public_key)
        if head is not None:
            _compare(read.tree_head, _read_head(head), public_key)
    except OSError as error:
        raise SuiteError(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SuiteError(f"{key_file}: {error}") from error
    except ReceiptError as error:
        raise SuiteError(f"{receipt} does not hold: {error}") from error
    console = Console()
    proved = read.tree_head
    console.print("[bold green]holds[/]  the record is in the log, and the log's key signed the tree", highlight=False)
    console.print(f"  decision   {read.decision_id}", highlight=False)
    for name in SHOWN:
        console.print(f"  {name:10} {record.get(name)}", highlight=False)
    console.print(f"  leaf       {read.leaf_index} of {proved.tree_size} in log {proved.log_id!r}", highlight=False)
    console.print(f"  root       {proved.root_hash.hex()}", highlight=False)
    console.print(f"  signed     {proved.signed_at.ToJsonString()} by key {key_id(public_key)}", highlight=False)


def _read_head(file: Path) -> TreeHead:
    """A published head, alone or as GetTreeHead answers it."""
    text = file.read_bytes()
    try:
        return json_format.Parse(text, GetTreeHeadResponse()).tree_head
    except (json_format.ParseError, UnicodeDecodeError):
        pass
    try:
        return json_format.Parse(text, TreeHead())
    except (json_format.ParseError, UnicodeDecodeError) as error:
        raise SuiteError(f"{file}: not a tree head: {error}") from error


def _compare(proved: TreeHead, published: TreeHead, key: Ed25519PublicKey) -> None:
    """Raises unless the log showed the same tree to whoever published the head."""
    verify_head(published, key)
    if published.log_id != proved.log_id or published.tree_size != proved.tree_size:
        raise SuiteError(
            f"the published head is of {published.tree_size} leaves in log {published.log_id!r}, the receipt's of"
            f" {proved.tree_size} in {proved.log_id!r}: compare with the head of the same size"
        )
    if published.root_hash != proved.root_hash:
        raise SuiteError(f"the log shows two different trees of {proved.tree_size} leaves: one of the heads is a lie")
