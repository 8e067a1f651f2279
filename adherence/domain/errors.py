"""What can go wrong, in the domain's words: one class per kind of answer, whatever the edge."""


class AdherenceError(Exception):
    """The root: every error a rule or a use case raises on purpose.

    The text of an error is written for a log and a developer. It holds no health data and nothing
    a person typed; what the person reads is looked up by ``message_key``.
    """


class InvalidInput(AdherenceError, ValueError):
    """A value that cannot be: ``field`` says which one, ``message_key`` says why in one word."""

    def __init__(self, field: str, message_key: str = "invalid") -> None:
        super().__init__(f"{field}: {message_key}")
        self.field = field
        self.message_key = message_key


class NotPermitted(AdherenceError):
    """The actor may know that this exists, but may not do this with it."""


class NotFound(AdherenceError):
    """There is no such thing, or none the actor may know of: both read the same."""


class Conflict(AdherenceError):
    """The thing has changed, or already exists, in a way that this request cannot overrule."""


class TooMany(AdherenceError):
    """It was tried too often; ``seconds`` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Restricted(Conflict):
    """The record was locked away: it may be read by the patient, and changed by nobody."""
