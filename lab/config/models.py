"""What every config holds, whichever experiment it names."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from lab.config.vocabulary import Flag, Frozen, Integer, Number, Text


def _count(value: Any) -> Any:
    if value == "all" or (type(value) is int and value > 0):
        return value
    raise PydanticCustomError("count", "should be a number from 1, or all")


_COUNT = {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"const": "all"}]}
Count: TypeAlias = Annotated[int | str, PlainValidator(_count), WithJsonSchema(_COUNT)]


class Record(Frozen):
    """What of the training is kept."""

    every: Integer = Field(default=1, gt=0, description="Record every this many steps.")
    evaluate: Integer | None = Field(
        default=None,
        gt=0,
        description="Evaluate (test accuracy and the like) every this many steps.",
    )
    params: Literal["auto", "all", "norms", "none"] = Field(
        default="auto",
        description="The parameters: as the experiment has them, or all numbers of at most 32 and "
        "else the norm of each layer (auto); all numbers; norms; or none.",
    )
    layers: Flag = Field(
        default=False,
        description="Of each layer mean, deviation and norm, the norm of its gradient, and its "
        "update relative to it.",
    )
    projection: Flag = Field(
        default=False,
        description="All parameters together, projected on two random directions drawn by the "
        "seed.",
    )


class Plateau(Frozen):
    """When a loss is taken to fall no more."""

    steps: Integer = Field(gt=0, description="In so many steps there was no better loss.")
    relative: Number = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Better is below the best one by this share of its size.",
    )


class Stop(Frozen):
    """When to stop before the last step; the first rule that is met."""

    loss: Number | None = Field(default=None, description="The loss is at most this.")
    gradient_norm: Number | None = Field(
        default=None, ge=0, description="The norm of the gradient is at most this."
    )
    plateau: Plateau | None = Field(default=None, description="The loss falls no more.")
    evaluations: Integer | None = Field(
        default=None,
        gt=0,
        lt=2**31,
        description="Losses, gradients and products with derivatives computed, all told.",
    )


class Study(Frozen):
    """The keys of every config."""

    experiment: Text = Field(
        description="An experiment's name, or the path of its folder from this file (with a slash)."
    )
    # jax.random.key takes 32 bits whatever the precision
    seed: Integer = Field(default=0, ge=0, lt=2**32, description="Seed of all randomness.")
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="Precision of all numbers."
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        default="auto", description="Where to compute; auto takes a GPU if there is one."
    )
    devices: Count = Field(
        default=1,
        description="Over how many devices the rows of a batch, or the runs of a sweep, are dealt "
        "out; all there are, or a number: so many parts of the CPU, too.",
    )


class Training(Study):
    """The keys of every config that trains."""

    gradient: Literal["hand", "jax", "both"] = Field(
        default="hand",
        description="Train with the gradient derived by hand, with JAX's, or with both at once.",
    )
    optimizer: Any = Field(description="Any optimizer of optax by name, and its arguments.")
    # optax counts steps in 32 bits
    steps: Integer = Field(gt=0, lt=2**31, description="How many updates of the parameters.")
    stop: Stop = Field(default=Stop(), description="When to stop before the last step.")
    record: Record = Field(default=Record(), description="What of the training is kept.")
