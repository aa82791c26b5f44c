"""Functions of matrices are what their names say, by NumPy and SciPy; the Matrix Cookbook, by its numbers."""

import numpy as np
import pytest
from scipy import linalg, spatial

from lab.calculus.factorisations import functions_of_matrices, orthogonal_factors
from lab.calculus.factorisations import products_and_solves as solves
from lab.calculus.matrices import (
    determinants,
    differentials,
    forms,
    inverses,
    matrix_calculus,
    matrix_functions,
    structured,
    trace_rules,
    traces,
)
from tests.calculus.values.known import agrees, rows

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(2, 3, 3))
A, B, C = rng.normal(size=(3, 3, 3))
T, U = rng.normal(size=(2, 4, 3))  # tall
D = rng.normal(size=(4, 4))
S, W = X.T @ X + np.eye(3), Y @ Y.T + 2 * np.eye(3)
a, b, c = rng.normal(size=(3, 3))
d, five = rng.normal(size=4), rng.normal(size=5)
t = np.array(0.7)
tr, det, inv, power = np.trace, np.linalg.det, np.linalg.inv, np.linalg.matrix_power
stack = rng.normal(size=(2, 4, 3))
pair = rng.normal(size=(2, 3))
z, signal_ = pair[0] + 1j * pair[1], a + 1j * b
turn = np.array([0.4, -0.9, 1.3])
chain = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
half = np.tril(S) + np.tril(S, -1).T
skew = np.array([[0, -turn[2], turn[1]], [turn[2], 0, -turn[0]], [-turn[1], turn[0], 0]])
q_factor, r_factor = linalg.qr(T, mode="economic")
signs = np.sign(np.diag(r_factor))
values, vectors = linalg.eigh(S)
upward = vectors * np.sign(vectors.sum(axis=0))

onto = T @ np.linalg.pinv(T)

TABLE = [
    (differentials.shifted_matrix, (X, A), np.add(A, X)),  # 33
    (differentials.scaled_matrix, (t, X), np.multiply(0.7, X)),  # 34
    (differentials.matrix_sum, (X, Y), np.add(X, Y)),  # 35
    (differentials.product, (T, X), np.einsum("ij,jk->ik", T, X)),  # 37
    (differentials.hadamard_product, (X, Y), np.multiply(X, Y)),  # 38
    (matrix_functions.inverse, (X,), linalg.inv(X)),  # 40
    (differentials.hermitian_transpose, (stack,), np.stack([stack[0].T, -stack[1].T])),  # 45
    (differentials.determinant_on_curve, (t, A, B, C), linalg.det(A + 0.7 * B + 0.49 / 2 * C)),  # 46
    (differentials.inverse_on_curve, (t, A, B, C), linalg.inv(A + 0.7 * B + 0.49 / 2 * C)),  # 59
    (determinants.leibniz_determinant, (X,), det(X)),
    (matrix_functions.sandwich_determinant, (X, A, B), det(A) * det(X) * det(B)),  # 51
    (determinants.congruence_determinant, (T, D), det(T.T @ D @ T)),  # 52-54
    (matrix_functions.log_gram_determinant, (T,), np.log(det(T.T @ T))),  # 55
    (determinants.log_gram_determinant_of_pseudoinverse, (T,), -np.log(det(T.T @ T))),  # 56
    (matrix_functions.log_absolute_determinant, (X,), np.log(abs(det(X)))),  # 57
    (matrix_functions.log_determinant, (S,), np.log(linalg.eigvalsh(S)).sum()),
    (determinants.power_determinant, (X, 3), det(X) ** 3),  # 58
    (inverses.inverse_entries, (X,), linalg.solve(X, np.eye(3))),  # 60
    (matrix_functions.inverse_form, (X, a, b), a @ inv(X) @ b),  # 61
    (determinants.inverse_determinant, (X,), 1 / det(X)),  # 62
    (matrix_functions.inverse_trace, (X, A, B), tr(A @ inv(X) @ B)),  # 63
    (inverses.resolvent_trace, (X, A), tr(inv(X + A))),  # 64
    (inverses.misfit_of_inverse, (X, A), linalg.norm(inv(X) - A) ** 2 / 2),
    (determinants.eigenvalue_sum, (X,), tr(X)),  # 65
    (determinants.eigenvalue_product, (X,), det(X)),  # 66
    (determinants.leading_eigenvalue, (S,), values[-1]),  # 67
    (matrix_functions.leading_eigenvector, (S,), upward[:, -1]),  # 68
    (matrix_calculus.linear_form, (a, b), np.vdot(b, a)),  # 69
    (matrix_calculus.bilinear_form, (d, T, a), np.einsum("i,ij,j", d, T, a)),  # 70
    (forms.transposed_form, (X, a, b), a @ X.T @ b),  # 71
    (forms.quadratic_form, (a, X), np.einsum("i,ij,j", a, X, a)),  # 72, 81
    (forms.times_matrix, (T, X), np.einsum("ij,jk->ik", T, X)),  # 74
    (forms.transpose_times_matrix, (T, D), np.einsum("ji,jk->ik", T, D)),  # 75
    (forms.all_pair_products, (X,), X.sum() ** 2),  # 76
    (forms.gram_form, (X, b, c), b @ X.T @ X @ c),  # 77
    (matrix_calculus.affine_product, (a, B, b, C, A, c), (B @ a + b) @ C @ (A @ a + c)),  # 78
    (forms.congruence, (X, B), X.T @ B @ X),  # 79
    (forms.weighted_gram_form, (X, b, c, A), b @ X.T @ A @ X @ c),  # 82
    (forms.affine_energy, (X, b, c, A), (X @ b + c) @ A @ (X @ b + c)),  # 83
    (matrix_calculus.weighted_squares, (a, A, b, S), (a - A @ b) @ S @ (a - A @ b)),  # 84, 85, 88
    (forms.displacement_energy, (a, b, S), (a - b) @ S @ (a - b)),  # 86
    (structured.least_mean_square, (pair, np.array([0.3, 1.2]), np.stack([a, b])),
     abs(0.3 + 1.2j - z.conj() @ signal_) ** 2),  # 89
    (traces.power, (X, 4), power(X, 4)),  # 90
    (traces.power_form, (X, a, b, 4), a @ power(X, 4) @ b),  # 91
    (traces.power_inner_product, (X, a, b, 4), a @ power(X, 4).T @ power(X, 4) @ b),  # 92
    (forms.paired_maps, (a, A, B, C), np.tanh(B @ a) @ A @ np.square(C @ a)),  # 93
    (matrix_calculus.stretch_ratio, (a, A, B), (a @ A.T @ A @ a) / (a @ B.T @ B @ a)),  # 94
    (forms.second_order_model, (a, A, b), a @ A @ a + b @ a),  # 96
    (traces.trace_product, (X, A), tr(X @ A)),  # 100
    (traces.trace_sandwich, (X, A, B), tr(A @ X @ B)),  # 101
    (trace_rules.trace_transposed_sandwich, (X, A, B), tr(A @ X.T @ B)),  # 102
    (trace_rules.trace_transposed_first, (X, A), tr(X.T @ A)),  # 103
    (trace_rules.trace_transposed_last, (X, A), tr(A @ X.T)),  # 104
    (trace_rules.trace_kronecker, (X, A), tr(np.kron(A, X))),  # 105
    (traces.trace_square, (X,), tr(X @ X)),  # 106
    (trace_rules.trace_square_product, (X, B), tr(X @ X @ B)),  # 107
    (traces.trace_quadratic, (X, B), tr(X.T @ B @ X)),  # 108
    (trace_rules.trace_left_weighted_gram, (X, B), tr(B @ X @ X.T)),  # 109
    (trace_rules.trace_right_weighted_gram, (X, B), tr(X @ X.T @ B)),  # 110
    (trace_rules.trace_row_quadratic, (X, B), tr(X @ B @ X.T)),  # 111
    (trace_rules.trace_left_weighted_inner, (X, B), tr(B @ X.T @ X)),  # 112
    (trace_rules.trace_right_weighted_inner, (X, B), tr(X.T @ X @ B)),  # 113
    (trace_rules.trace_alternating, (X, A, B), tr(A @ X @ B @ X)),  # 114
    (trace_rules.trace_gram, (X,), tr(X.T @ X)),  # 115, 132
    (trace_rules.trace_projected_scatter, (X, B, C), tr(B.T @ X.T @ C @ X @ B)),  # 116
    (trace_rules.trace_two_weights, (X, B, C), tr(X.T @ B @ X @ C)),  # 117
    (traces.trace_congruence, (X, A, B, C), tr(A @ X @ B @ X.T @ C)),  # 118
    (traces.sandwich_squares, (X, A, B, C), tr((A @ X @ B + C) @ (A @ X @ B + C).T)),  # 119
    (trace_rules.trace_kronecker_square, (X,), tr(np.kron(X, X))),  # 120
    (traces.trace_power, (X, 4), tr(power(X, 4))),  # 121
    (trace_rules.trace_product_power, (X, A, 4), tr(A @ power(X, 4))),  # 122
    (trace_rules.trace_fourth_order, (X, B, C), tr(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)),  # 123
    (inverses.inverse_form_trace, (X, A, S), tr(inv(X.T @ S @ X) @ A)),  # 125
    (inverses.discriminant_ratio, (X, A, S), tr(inv(X.T @ S @ X) @ X.T @ A @ X)),  # 126
    (inverses.regularised_ratio, (X, A, B, S), tr(inv(A + X.T @ S @ X) @ X.T @ B @ X)),  # 127
    (trace_rules.trace_sine, (X,), tr(linalg.sinm(X))),  # 128
    (trace_rules.trace_polynomial, (X, a), 3 * a[0] + a[1] * tr(X) + a[2] * tr(X @ X)),
    (matrix_calculus.distance, (a, b), linalg.norm(a - b)),  # 129
    (matrix_calculus.squared_norm, (a,), linalg.norm(a) ** 2),  # 131
    (traces.frobenius_norm, (T,), linalg.norm(T)),
    (structured.structured_cube_trace, (a[:2].copy(), np.stack([X, Y])), tr(power(a[0] * X + a[1] * Y, 3)) / 3),  # 133
    (structured.gram_mismatch, (X, B), linalg.norm(X.T @ X - B) ** 2 / 2),  # 135
    (structured.symmetric_form, (S, a, B, c), a @ half @ B @ half @ c),  # 138
    (traces.symmetric_trace, (S, A), tr(A @ half)),  # 139
    (structured.symmetric_determinant, (S,), det(half)),  # 140
    (structured.symmetric_log_determinant, (S,), np.log(det(half))),  # 141
    (structured.diagonal_trace, (X, A), np.diag(X) @ np.diag(A)),  # 142
    (structured.toeplitz_trace, (five, A), tr(A @ linalg.toeplitz(five[2:], five[2::-1]))),  # 143
    (structured.squared_modulus, (pair,), np.vdot(z, z).real),
    (matrix_calculus.mse, (a, T, d), np.mean(np.square(d - T @ a))),
    (matrix_calculus.least_squares, (a, T, d), linalg.norm(T @ a - d) ** 2 / 2),
    (matrix_calculus.matrix_vector, (T, a), np.einsum("ij,j", T, a)),
    (matrix_calculus.elementwise_product, (a, b), np.multiply(a, b)),
    (matrix_calculus.sandwich, (X, A, B), np.linalg.multi_dot([A, X, B])),
    (matrix_calculus.matrix_product, (T, X), np.einsum("ij,jk->ik", T, X)),
    (matrix_calculus.linear_layer, ({"W": X, "b": a}, T), T @ X + a),
    (matrix_calculus.gram, (T,), np.einsum("ik,jk->ij", T, T)),
    (matrix_calculus.squared_distances, (T,), spatial.distance.cdist(T, T, "sqeuclidean")),
    (matrix_functions.gaussian_energy, (S, a), (np.log(det(S)) + a @ inv(S) @ a) / 2),
    (matrix_functions.projector, (T,), onto),
    (matrix_functions.cholesky_factor, (S,), linalg.cholesky(S, lower=True)),
    (matrix_functions.square_root, (S,), linalg.sqrtm(S)),
    (matrix_functions.spectral_norm, (T,), np.linalg.norm(T, 2)),
    (matrix_functions.nuclear_norm, (T,), np.linalg.norm(T, "nuc")),
    # operations and factorisations
    (functions_of_matrices.exponential_trace, (X,), tr(linalg.expm(X))),
    (functions_of_matrices.exponential_determinant, (X,), np.exp(tr(X))),
    (functions_of_matrices.exponential_flow, (t, X), linalg.expm(0.7 * X)),
    (functions_of_matrices.rotation, (turn,), spatial.transform.Rotation.from_rotvec(turn).as_matrix()),
    (functions_of_matrices.rotation, (turn,), linalg.expm(skew)),
    (functions_of_matrices.logarithm, (S,), linalg.logm(S)),
    (functions_of_matrices.softplus_trace, (S,), tr(linalg.logm(np.eye(3) + linalg.expm(S)))),
    (functions_of_matrices.sylvester_solution, (S, W, C), linalg.solve_sylvester(S, W, C)),
    (functions_of_matrices.stationary_distribution, (X,), power(chain, 400)[0]),
    (functions_of_matrices.boltzmann_mean, (a, b, t), np.average(b, weights=np.exp(-a / 0.7))),
    (orthogonal_factors.orthonormal_factors, (T,), (q_factor * signs, r_factor * signs[:, None])),
    (orthogonal_factors.pseudoinverse, (T, U), np.linalg.pinv(T @ U.T)),
    (orthogonal_factors.eigenvectors, (S,), upward),
    (orthogonal_factors.eigenvalues, (S,), values),
    (orthogonal_factors.perron_root, (chain * 2.5,), 2.5),
    (orthogonal_factors.singular_values, (T,), np.sqrt(linalg.eigvalsh(T.T @ T))[::-1]),
    (orthogonal_factors.schatten_power, (T, 4), tr(power(T.T @ T, 2))),
    (orthogonal_factors.condition_number, (X,), np.linalg.cond(X)),
    (orthogonal_factors.captured_variance, (T, D), np.einsum("ij,ik,kj", T, D, T)),
    (orthogonal_factors.subspace_variance, (T, D), tr(onto @ D)),
    (orthogonal_factors.form_of_direction, (a, A), a @ A @ a / linalg.norm(a) ** 2),
    (solves.apply_matrix, (T, a), np.einsum("ij,j", T, a)),
    (solves.batched_scores, (stack, stack[:, ::-1].copy()), stack @ stack[:, ::-1].transpose(0, 2, 1)),
    (solves.spread_over, (a[None], T), np.tile(a, (4, 1))),
    (solves.linear_solve, (X, a), linalg.solve(X, a)),
    (solves.triangular_solve, (X, a), linalg.solve(np.tril(X), a)),
    (solves.determinant, (X,), linalg.det(X)),
    (solves.inverse_quadratic, (S, a), a @ inv(S) @ a),
    (solves.rank_one_update_inverse, (t, S, a, b), inv(S + 0.7 * np.outer(a, b))),
    (solves.schur_complement, (A, X, Y, C), inv(inv(np.block([[A, X], [Y, C]]))[3:, 3:])),
    (solves.mahalanobis, (a, S), spatial.distance.mahalanobis(a, 0 * a, S)),
    (solves.rbf_kernel, (a, b, t), np.exp(-linalg.norm(a - b) ** 2 / (2 * 0.49))),
    (solves.low_rank_misfit, (T, U, D), linalg.norm(T @ U.T - D) ** 2 / 2),
]  # fmt: skip


@pytest.mark.parametrize("row", rows(TABLE))
def test_it_has_the_value_that_is_known(row):
    agrees(*row)
