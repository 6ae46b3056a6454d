"""`sycee verify`: a receipt, checked offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sycee_client.receipts import ReceiptError, key_id, read_public_key, read_receipt, verify_receipt

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
) -> None:
    """Check a receipt with the log's public key alone: no server is asked. Ends with 1 when it does not hold."""
    key_file = key or log_public_key_file(StateFolder(state))
    try:
        public_key = read_public_key(key_file.read_bytes())
        read = read_receipt(receipt.read_bytes())
        record = verify_receipt(read, public_key)
    except OSError as error:
        raise SuiteError(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SuiteError(f"{key_file}: {error}") from error
    except ReceiptError as error:
        raise SuiteError(f"{receipt} does not hold: {error}") from error
    console = Console()
    head = read.tree_head
    console.print("[bold green]holds[/]  the record is in the log, and the log's key signed the tree", highlight=False)
    console.print(f"  decision   {read.decision_id}", highlight=False)
    for name in SHOWN:
        console.print(f"  {name:10} {record.get(name)}", highlight=False)
    console.print(f"  leaf       {read.leaf_index} of {head.tree_size} in log {head.log_id!r}", highlight=False)
    console.print(f"  root       {head.root_hash.hex()}", highlight=False)
    console.print(f"  signed     {head.signed_at.ToJsonString()} by key {key_id(public_key)}", highlight=False)
