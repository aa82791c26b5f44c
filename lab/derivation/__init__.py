"""The record: a function, its hand-derived derivative, and where it may be sampled.

    @gradient(of=mse, wrt="w", at=dict(w=reals("d"), X=reals("n d"), y=reals("n")))
    def mse_gradient(w, X, y):
        \"""r = Xw - y;  L = r.r / n;  dL = 2/n r.(X dw);  hence dL/dw = 2/n X^T r.\"""
        return 2 / y.size * X.T @ (X @ w - y)

The decorated function stays the plain function it is; the record rides on it as ``__derivation__``.
The docstring is the derivation. There is one maker for each kind of derivative:

| maker        | the hand function returns                                                    |
|--------------|------------------------------------------------------------------------------|
| `derivative` | f'(x) of a scalar function applied elementwise, in the shape of f(x)         |
| `gradient`   | the gradient of a scalar function, in the structure of what `wrt` names      |
| `jacobian`   | all partial derivatives: output shape + argument shape                       |
| `hessian`    | all second derivatives: argument shape + argument shape                      |
| `jvp`        | the derivative along a tangent, the extra last argument                      |
| `vjp`        | the pullback of a cotangent, the extra last argument                         |
| `hvp`        | the Hessian times a vector, the extra last argument                          |
| `identity`   | the same value as `of`, by another formula                                   |

A derivation of several steps names its intermediates on both sides with `tap` and `adjoint`.
"""

from lab.derivation.claims import derivation as derivation
from lab.derivation.claims import domains_in as domains_in
from lab.derivation.claims import in_order as in_order
from lab.derivation.makers import derivative as derivative
from lab.derivation.makers import gradient as gradient
from lab.derivation.makers import hessian as hessian
from lab.derivation.makers import hvp as hvp
from lab.derivation.makers import identity as identity
from lab.derivation.makers import jacobian as jacobian
from lab.derivation.makers import jvp as jvp
from lab.derivation.makers import vjp as vjp
from lab.derivation.meaning import meant as meant
from lab.derivation.meaning import meant_of as meant_of
from lab.derivation.record import KINDS as KINDS
from lab.derivation.record import Derivation as Derivation
from lab.derivation.record import Kind as Kind
from lab.derivation.record import Wrt as Wrt
from lab.derivation.record import derivation_of as derivation_of
from lab.derivation.record import name_of as name_of
from lab.derivation.steps import adjoint as adjoint
from lab.derivation.steps import listening as listening
from lab.derivation.steps import tap as tap
