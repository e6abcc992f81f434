"""The other ways a plan is compared with, as factors on the weights of its technique."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, field_validator

from kambin.knowledge.techniques import Weights


class TradeOff(BaseModel):
    """What one other way is sought for.

    Parameters
    ----------
    name, title : str
    factors : mapping of a weight to what it is multiplied by, 0 or more
    most : str, the objective it is sought for
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    factors: Mapping[str, float]
    most: str

    @field_validator("factors")
    @classmethod
    def _names_weights(cls, factors: Mapping[str, float]) -> Mapping[str, float]:
        for name, factor in factors.items():
            if name not in Weights.model_fields or factor < 0:
                msg = f"{name} = {factor} multiplies no weight"
                raise ValueError(msg)
        return factors

    def weigh(self, weights: Weights) -> Weights:
        """Return the weights under which the other way is sought.

        Parameters
        ----------
        weights : Weights of the plan
        """
        known = weights.model_dump()
        return weights.model_copy(update={n: known[n] * f for n, f in self.factors.items()})


@cache
def trade_offs() -> Mapping[str, TradeOff]:
    """Return every trade-off by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "trade_offs.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: TradeOff(name=name, **row) for name, row in rows.items()})
