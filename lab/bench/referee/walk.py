"""A derivation of several steps, and how mistakes are planted in known ones.

It says each of its steps by ``say(name, right, *wrong)``: the right value is handed to `adjoint`,
or, where a mistake is planted, one of the wrong ones. A plant is a mapping ``{step: which}``: a
positive number picks one of the wrong values that stand there, a negative one spoils the right
value (the sign, a factor). The step ``"result"`` is what comes after all adjoints: a mistake there
leaves every step right."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lab.bench.referee.draws import Sampler
from lab.derivation import adjoint

Plant = Mapping[str, int]
Say = Callable[..., Any]
SPOILT: dict[int, Callable[[Any], Any]] = {
    -1: lambda d: -d,
    -2: lambda d: 2 * d,
    -3: lambda d: 1.001 * d,
}


class Backprop(NamedTuple):
    """A derivation: ``hand(say)`` is the hand function, its steps named in order; ``wrong`` says
    how many wrong values are written at each.
    """

    name: str
    of: Callable[..., Any]
    hand: Callable[[Say], Callable[..., Any]]
    at: Sampler
    wrong: Mapping[str, int]
    kind: str = "gradient"
    wrt: Any = 0

    @property
    def steps(self) -> list[str]:
        return [step for step in self.wrong if step != "result"]

    def plants(self) -> list[Plant]:
        """Every mistake alone, each step spoilt in some way, and some of them together."""
        alone = [{step: k} for step, count in self.wrong.items() for k in range(1, count + 1)]
        spoilt = [{step: -1 - i % 3} for i, step in enumerate(self.steps)]
        steps = self.steps
        pairs = [{steps[i]: -1, steps[-1 - i]: -2} for i in range(len(steps) // 2)]
        return [*alone, *spoilt, *pairs, dict.fromkeys(steps, -1)]

    def with_plant(self, plant: Plant) -> Callable[..., Any]:
        def say(name: str, *values: Any) -> Any:
            which = plant.get(name, 0)
            value = values[which] if which >= 0 else SPOILT[which](values[0])
            return value if name == "result" else adjoint(name, value)

        return self.hand(say)
