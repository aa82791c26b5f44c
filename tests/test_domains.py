"""Every domain draws what it promises, at typical points and at every extreme."""

import numpy as np
import pytest

from lab import domains
from lab.domains import dimensions
from lab.errors import BadInput

SIZES = {"n": 5, "d": 3, "k": 4}


def symmetric(x):
    return np.array_equal(x, np.swapaxes(x, -1, -2))


# domain, the shape of a draw, the property that every draw has
DRAWS = [
    (domains.reals("n d"), (5, 3), np.isfinite),
    (domains.reals("n+1 2d"), (6, 6), np.isfinite),
    (domains.reals(), (), np.isfinite),
    (domains.positive("n"), (5,), lambda x: x > 0),
    (domains.nonnegative("n"), (5,), lambda x: x >= 0),
    (domains.negative("n"), (5,), lambda x: x < 0),
    (domains.nonzero("n"), (5,), lambda x: x != 0),
    (domains.above(-1, "n"), (5,), lambda x: x > -1),
    (domains.beyond(1, "n"), (5,), lambda x: abs(x) > 1),
    (domains.interval(-1, 2, "n"), (5,), lambda x: (x > -1) & (x < 2)),
    (domains.distinct("n"), (5,), lambda x: len(set(x)) == 5),
    (domains.integers(2, 4, "n"), (5,), lambda x: (x >= 2) & (x <= 4) & (x.dtype.kind == "i")),
    (domains.labels("n", "k"), (5,), lambda x: (x >= 0) & (x < 4) & (x.dtype.kind == "i")),
    (domains.one_hot("n k"), (5, 4), lambda x: (x.sum(-1) == 1).all() & np.isin(x, (0, 1))),
    (domains.simplex("n k"), (5, 4), lambda x: (x > 0) & (abs(x.sum(-1) - 1) < 1e-12)[:, None]),
    (domains.unit("n d"), (5, 3), lambda x: abs(np.linalg.norm(x, axis=-1) - 1) < 1e-12),
    (domains.spd("d"), (3, 3), lambda x: symmetric(x) and np.linalg.eigvalsh(x).min() > 0),
    (domains.spd("n d"), (5, 3, 3), lambda x: symmetric(x) and np.linalg.eigvalsh(x).min() > 0),
    (domains.symmetric("d"), (3, 3), symmetric),
    (domains.invertible("d"), (3, 3), lambda x: np.linalg.cond(x) < 2e3),
    (domains.orthogonal("d"), (3, 3), lambda x: np.allclose(x.T @ x, np.eye(3))),
    (domains.tall("n d"), (5, 3), lambda x: np.linalg.matrix_rank(x) == 3),
    (domains.choice(2, 3), (), lambda x: x in (2, 3)),
    (domains.constant(4), (), lambda x: x == 4),
]


@pytest.mark.parametrize(("domain", "shape", "holds"), DRAWS, ids=[repr(row[0]) for row in DRAWS])
def test_every_draw_is_in_the_domain(domain, shape, holds):
    rng = np.random.default_rng(0)
    for extreme in [None, *domain.extremes]:
        for _ in range(5):
            drawn = domain.sample(rng, SIZES, extreme)
            assert np.shape(drawn) == shape
            assert np.all(holds(drawn)), (domain, extreme, drawn)


@pytest.mark.parametrize("domain", [domains.invertible("d"), domains.orthogonal("d")], ids=repr)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_determinants_have_either_sign(domain, d):
    rng = np.random.default_rng(0)
    signs = {np.sign(np.linalg.det(domain.sample(rng, {"d": d}))) for _ in range(20)}
    assert signs == {-1, 1}


def test_draws_repeat_with_their_seed_and_differ_without():
    draw = lambda seed: domains.reals("n").sample(np.random.default_rng(seed), SIZES)
    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))


def test_a_matrix_is_tall_or_impossible():
    assert domains.tall("n d").possible({"n": 3, "d": 3})
    assert not domains.tall("n d").possible({"n": 2, "d": 3})
    assert not domains.reals("n-1").possible({"n": 1})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: domains.reals("n,d"), "'n,d' is not a dimension"),
        (lambda: domains.reals("n", d=3), "there is no dimension 'd'"),
        (lambda: domains.reals("n", n=0), "n=0"),
        (lambda: domains.interval(1, 1), "interval(1, 1)"),
        (lambda: domains.integers(3, 1), "integers(3, 1)"),
        (lambda: domains.spd(""), "needs the name of its dimension"),
        (lambda: domains.choice(), "at least one value"),
    ],
)
def test_misuse_is_refused_by_name(make, says):
    with pytest.raises(BadInput) as caught:
        make()
    assert says in str(caught.value)


def test_dimensions_are_read_as_written():
    sizes = [d.size({"n": 5}) for d in dimensions("n 3 n+1 n-2 2n 2*n+1")]
    assert sizes == [5, 3, 6, 3, 10, 11]


def test_a_domain_shows_itself_as_it_was_written():
    shown = [
        domains.reals("n d", d=3),
        domains.labels("n", "k"),
        domains.spd("d"),
        domains.interval(0, 1),
    ]
    assert list(map(repr, shown)) == [
        "reals('n d', d=3)",
        "labels('n', 'k')",
        "spd('d')",
        "interval(0, 1)",
    ]
