"""The one tree of errors that every Sycee service raises; it knows no framework.

    SyceeError
    ├── InvalidArgument       the request is wrong, whatever the state   → INVALID_ARGUMENT, BadRequest
    ├── NotFound              no such thing                              → NOT_FOUND
    ├── AlreadyExists         the name or request_id is taken            → ALREADY_EXISTS
    ├── FailedPrecondition    right request, wrong state                 → FAILED_PRECONDITION
    ├── PermissionDenied      known caller, not allowed                  → PERMISSION_DENIED
    ├── Unauthenticated       the caller is not known                    → UNAUTHENTICATED
    ├── Aborted               lost a race; the whole step may be retried → ABORTED
    ├── DeadlineExceeded      too late                                   → DEADLINE_EXCEEDED
    └── RetryLater
        ├── Unavailable       a part is down, try again                  → UNAVAILABLE, RetryInfo
        └── ResourceExhausted a quota or a bound is reached              → RESOURCE_EXHAUSTED, RetryInfo

Every answer also carries `ErrorInfo(reason, domain="sycee", metadata)`. Messages, metadata and values travel to the
caller and into logs: never put personal data in them.
"""

# ruff: noqa: N818 - they are named after the canonical codes

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_VALUE_CHARACTERS = 100


class SyceeError(Exception):
    """Something that the caller may be told: a stable `reason` for programs, a `message` for people, `metadata`."""

    def __init__(self, reason: str, message: str, **metadata: object) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = {key: str(value) for key, value in metadata.items()}


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that one field breaks. `value` is shown to the caller, cut to 100 characters; None shows nothing."""

    field: str
    rule: str
    value: object | None = None

    def description(self) -> str:
        """Says the rule and, where it may be shown, the value."""
        if self.value is None:
            return self.rule
        shown = repr(self.value)
        if len(shown) > MAX_VALUE_CHARACTERS:
            shown = shown[:MAX_VALUE_CHARACTERS] + "…"
        return f"{self.rule}; got {shown}"


class InvalidArgument(SyceeError):
    """A field of the request breaks a rule. `field` is its path in the request, such as `amount.currency_code`."""

    def __init__(self, field: str, rule: str, *, value: object | None = None, reason: str = "INVALID_ARGUMENT") -> None:
        violation = Violation(field, rule, value)
        super().__init__(reason, f"{field}: {violation.description()}")
        self.violations: tuple[Violation, ...] = (violation,)

    @classmethod
    def many(cls, violations: Sequence[Violation], *, reason: str = "INVALID_ARGUMENT") -> InvalidArgument:
        """Tells of several violations at once; there must be at least one."""
        if not violations:
            raise ValueError("InvalidArgument.many wants at least one violation")
        first = violations[0]
        error = cls(first.field, first.rule, value=first.value, reason=reason)
        if len(violations) > 1:
            error.message = "; ".join(f"{v.field}: {v.description()}" for v in violations)
            error.args = (error.message,)
            error.violations = tuple(violations)
        return error


class NotFound(SyceeError):
    """There is no `kind` (one noun, such as `merchant`) with this id. The reason is `<KIND>_NOT_FOUND`."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 - the noun of the contract
        shown = id if len(id) <= MAX_VALUE_CHARACTERS else id[:MAX_VALUE_CHARACTERS] + "…"
        name = kind.upper().replace(" ", "_").replace("-", "_")
        super().__init__(f"{name}_NOT_FOUND", f"no {kind} {shown!r}", kind=kind, id=shown)


class AlreadyExists(SyceeError):
    """What the request would make is there already, or its request_id was used for something else."""


class FailedPrecondition(SyceeError):
    """The request is right but the state is not: doing it again changes nothing until the state changes."""


class PermissionDenied(SyceeError):
    """The caller is known and may not do this."""


class Unauthenticated(SyceeError):
    """The caller is not known."""


class Aborted(SyceeError):
    """A race was lost too often; the caller may run its whole step again."""


class DeadlineExceeded(SyceeError):
    """The time that was left did not suffice."""


class RetryLater(SyceeError):
    """May work after `retry_after_ms`."""

    def __init__(self, reason: str, message: str, retry_after_ms: int, **metadata: object) -> None:
        super().__init__(reason, message, **metadata)
        self.retry_after_ms = retry_after_ms


class Unavailable(RetryLater):
    """A part that the answer needs is down or unreachable."""


class ResourceExhausted(RetryLater):
    """A quota or a bound is reached."""
