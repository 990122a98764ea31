"""Tensors as affine functions of a tape's atoms: linear operators compose them, everything else writes lines.

A chain of linear operators (slices, differences, scalings, a dense layer) so becomes one affine line. A tensor that is
not simple yet is stored, as a line of its own, before a matrix mixes its elements: composing matrices could cost more
products than they save.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from nn4mc.control.tape import Affine, Line, Product, Term, Unary
from nn4mc.ir import Array, Shape
from nn4mc.ops.base import size


@dataclass
class Form:
    """A tensor of ``shape`` whose flat elements are offset (n,) + the sum of matrices (n, atom) times atoms."""

    shape: Shape
    offset: Array
    terms: dict[str, Array]
    stored: str | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it depends on no atom."""
        return not self.terms

    @property
    def value(self) -> Array:
        """The offset in the tensor's shape: all there is of a constant."""
        return self.offset.reshape(self.shape)


@dataclass
class Writer:
    """Collects lines; ``lengths`` grows by every atom. ``given`` are the atoms there were before the first line.

    Only affine lines read those.
    """

    lengths: dict[str, int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    given: set[str] = field(default_factory=set)

    def give(self, name: str, shape: Shape) -> Form:
        """Return an atom that is there from the start."""
        self.given.add(name)
        return self._atom(name, shape)

    def constant(self, value: Array) -> Form:
        """Return a tensor that depends on nothing."""
        return Form(value.shape, np.asarray(value, np.float64).ravel(), {})

    def linear(self, function: Callable[..., Array], *forms: Form) -> Form:
        """Return ``function`` of the forms, which must be affine in all of them together."""
        zeros = [np.zeros(form.shape) for form in forms]
        base = function(*zeros)
        terms: dict[str, Array] = {}
        for place, form in enumerate(forms):
            for atom, matrix in form.terms.items():
                columns = [
                    (function(*zeros[:place], column.reshape(form.shape), *zeros[place + 1 :]) - base).ravel()
                    for column in matrix.T
                ]
                made = np.stack(columns, axis=1)
                terms[atom] = terms[atom] + made if atom in terms else made
        offset = function(*(form.value for form in forms)).ravel()
        return Form(base.shape, offset, {atom: matrix for atom, matrix in terms.items() if matrix.any()})

    def mixed(self, function: Callable[..., Array], *forms: Form) -> Form:
        """Return a linear function that mixes elements by a matrix: of simple forms, others being stored first."""
        return self.linear(function, *(form if self._is_simple(form) else self.store(form) for form in forms))

    def unary(self, function: str, form: Form) -> Form:
        """Return f of each element (nn4mc.control.unary)."""
        x = self._name(self.store(form, self.given))
        made = self._new(form.shape)
        self.lines.append(Unary(self._name(made), function, x))
        return made

    def product(self, a: Form, b: Form) -> Form:
        """Return a b for each element; shapes broadcast to each other as numpy's do."""
        if a.is_constant or b.is_constant:
            fixed, free = (a, b) if a.is_constant else (b, a)
            return self.linear(lambda x: x * fixed.value, free)
        shape = np.broadcast_shapes(a.shape, b.shape)
        wide = (self.linear(lambda x: np.broadcast_to(x, shape).copy(), one) for one in (a, b))
        left, right = (self.store(one, self.given) for one in wide)
        made = self._new(shape)
        self.lines.append(Product(self._name(made), self._name(left), self._name(right)))
        return made

    def store(self, form: Form, apart: Collection[str] = ()) -> Form:
        """Return the form as one atom, which is none of ``apart``."""
        if form.stored is not None and form.stored not in apart:
            return self._atom(form.stored, form.shape)
        terms = tuple(_term(atom, matrix) for atom, matrix in form.terms.items())
        whole = len(terms) == 1 and terms[0].matrix is None and terms[0].sign > 0 and not form.offset.any()
        if whole and terms[0].atom not in apart:
            return self._atom(terms[0].atom, form.shape)
        made = self._new(form.shape)
        self.lines.append(Affine(self._name(made), form.offset, terms))
        form.stored = self._name(made)
        return made

    def _is_simple(self, form: Form) -> bool:
        if set(form.terms) <= self.given:
            return True
        if len(form.terms) != 1 or form.offset.any():
            return False
        (matrix,) = form.terms.values()
        return bool(((matrix == 0.0) | (matrix == 1.0)).all() and (matrix.sum(axis=1) <= 1.0).all())

    def _atom(self, name: str, shape: Shape) -> Form:
        self.lengths[name] = size(shape)
        return Form(shape, np.zeros(size(shape)), {name: np.eye(size(shape))}, stored=name)

    def _new(self, shape: Shape) -> Form:
        return self._atom(f"v{len(self.lines)}", shape)

    @staticmethod
    def _name(form: Form) -> str:
        assert form.stored is not None
        return form.stored


def _term(atom: str, matrix: Array) -> Term:
    if matrix.shape[0] == matrix.shape[1]:
        for sign in (1.0, -1.0):
            if np.array_equal(matrix, sign * np.eye(len(matrix))):
                return Term(atom, None, sign)
    return Term(atom, matrix)
