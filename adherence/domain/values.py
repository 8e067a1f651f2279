"""Values that are made by the hundred in one request, at the price of ordinary objects."""

from dataclasses import MISSING, Field, field, fields, make_dataclass
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")


def light(cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, the same in all but the price of making one.

    The ``__init__`` of ``dataclass(frozen=True)`` goes round the lock for every field, by a call
    each. This one opens the new object, has its fields set plainly and closes it again: it is of a
    twin class without the lock for as long as nobody else has it.

    Raises:
        TypeError: ``cls`` is not frozen, has no slots, or has more to do when one is made.
    """
    kind: Any = cls  # what a dataclass has is not said by ``type``
    of: tuple[Field[Any], ...] = fields(kind)
    how = kind.__dataclass_params__
    if not how.frozen or "__slots__" not in vars(cls) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} is no plain frozen value")
    if any(not each.init or each.kw_only or each.default_factory is not MISSING for each in of):
        raise TypeError(f"{cls.__name__} has a field that is not simply given")
    given = [(each.name, Any, field(default=each.default)) for each in of]
    twin = make_dataclass(cls.__name__, given, eq=False, repr=False, slots=True)
    set_fields = vars(twin)["__init__"]
    change = object.__setattr__

    @wraps(kind.__init__)
    def make(self: Any, *args: Any, **named: Any) -> None:
        change(self, "__class__", twin)
        set_fields(self, *args, **named)
        self.__class__ = cls

    kind.__init__ = make
    return cls
