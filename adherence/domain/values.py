"""Values that are made by the hundred in one request, at the price of ordinary objects."""

from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")


def light(cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, the same in all but the price of making one.

    The ``__init__`` that ``dataclass(frozen=True)`` writes goes round the lock for every field, by
    a call each. This one opens the new object, sets its fields plainly and closes it again: it is
    of a twin class without the lock for as long as nobody else has it.

    Raises:
        TypeError: ``cls`` is not frozen, has no slots, or has more to do when one is made.
    """
    of: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]  # said to be a dataclass
    how = cls.__dataclass_params__  # type: ignore[attr-defined]  # as above
    if not how.frozen or "__slots__" not in vars(cls) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} is no plain frozen value")
    if any(not each.init or each.kw_only or each.default_factory is not MISSING for each in of):
        raise TypeError(f"{cls.__name__} has a field that is not simply given")
    known: dict[str, Any] = {
        "_closed": cls,
        "_open": type(cls.__name__, (), {"__slots__": tuple(each.name for each in of)}),
        "_set": object.__setattr__,
        **{f"_{each.name}": each.default for each in of},
    }
    given = [each.name if each.default is MISSING else f"{each.name}=_{each.name}" for each in of]
    lines = [
        f"def __init__(self, {', '.join(given)}):",
        "    _set(self, '__class__', _open)",
        *(f"    self.{each.name} = {each.name}" for each in of),
        "    self.__class__ = _closed",
    ]
    made: dict[str, Any] = {}
    exec("\n".join(lines), known, made)  # noqa: S102 - of field names, as dataclasses does it
    made["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    made["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = made["__init__"]  # type: ignore[method-assign]  # the same signature
    return cls
