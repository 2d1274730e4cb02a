"""Compiled loops that carry on several vectors at once: of each account they fill one line of the cache.

A line holds 8 numbers of double or 16 of single precision. It is loaded and added as one vector, which the
compiler does not do by itself. Sums of many are of double precision.
"""

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils as numba_cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Bits = NDArray[np.uint64]
Lines = NDArray[Any]  # accounts x numbers of a line

cgutils: Any = numba_cgutils  # untyped, as llvmlite that it stands on
ir = cgutils.ir
LINE_BYTES = 64
TOGETHER, ALL = 8, 2**40  # lines that are summed in single, and in double precision
ALIGNED = 4

_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_NUMBERS = types.Array(types.float64, 1, "C", readonly=True)
_INT, _VECTOR, _BITS = types.int64, types.float64[::1], types.uint64[::1]
_LINES = (types.float32[:, ::1], types.float64[:, ::1])


class _Emitted:
    """What the compiler is told to do where `_sum_lines` is called, for lines of one precision."""

    def __init__(self, lines: Any, *, weighted: bool) -> None:  # noqa: ANN401 - llvmlite and numba are untyped
        width = LINE_BYTES // (lines.dtype.bitwidth // 8)
        self.number = ir.FloatType() if lines.dtype == types.float32 else ir.DoubleType()
        self.narrow = ir.VectorType(self.number, width)
        self.wide = ir.VectorType(ir.DoubleType(), width)
        self.weighted = weighted
        self.together = ALL if self.narrow == self.wide else TOGETHER

    def __call__(self, context: Any, build: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
        """Sum lines, some at a time, and put the total in its place."""
        data = [
            context.make_array(kind)(context, build, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, values, strict=True)
        ]
        codes, weights, offered, taken, pairs, row = data
        offered, taken = (build.bitcast(lines, self.narrow.as_pointer()) for lines in (offered, taken))
        total = cgutils.alloca_once_value(build, ir.Constant(self.wide, [0.0] * self.wide.count))
        some = cgutils.alloca_once(build, self.narrow)
        first, end = cgutils.unpack_tuple(build, pairs, 2)
        step = ir.Constant(first.type, self.together)
        with cgutils.for_range_slice(build, first, end, step) as (start, _):
            build.store(ir.Constant(self.narrow, [0.0] * self.narrow.count), some)
            rest = build.sub(end, start)
            stop = build.add(start, build.select(build.icmp_signed("<", rest, step), rest, step))
            with cgutils.for_range_slice(build, start, stop, ir.Constant(first.type, 1)) as (pair, _):
                code = build.zext(build.load(build.gep(codes, [pair])), first.type)
                line = build.load(build.gep(offered, [code]), align=ALIGNED)
                if self.weighted:
                    line = build.fmul(line, self._all(build, build.load(build.gep(weights, [pair]))))
                build.store(build.fadd(build.load(some), line), some)
            line = build.load(some)
            line = line if self.narrow == self.wide else build.fpext(line, self.wide)
            build.store(build.fadd(build.load(total), line), total)
        result = build.load(total)
        result = result if self.narrow == self.wide else build.fptrunc(result, self.narrow)
        build.store(result, build.gep(taken, [row]), align=ALIGNED)
        return context.get_dummy_value()

    def _all(self, build: Any, weight: Any) -> Any:  # noqa: ANN401
        """Return a line with the weight in every place."""
        weight = weight if self.narrow == self.wide else build.fptrunc(weight, self.number)
        one = build.insert_element(ir.Constant(self.narrow, ir.Undefined), weight, ir.IntType(32)(0))
        first = ir.Constant(ir.VectorType(ir.IntType(32), self.narrow.count), [0] * self.narrow.count)
        return build.shuffle_vector(one, one, first)


def _declared(
    _context: Any,  # noqa: ANN401 - numba's types, as all arguments here
    codes: Any,  # noqa: ANN401
    weights: Any,  # noqa: ANN401
    offered: Any,  # noqa: ANN401
    taken: Any,  # noqa: ANN401
    pairs: Any,  # noqa: ANN401
    row: Any,  # noqa: ANN401
) -> tuple[Any, Any]:
    """`taken[row]` = sum of the lines `offered[codes[pair]]`, times weights unless they are None."""
    signature = types.void(codes, weights, offered, taken, pairs, row)
    return signature, _Emitted(offered, weighted=isinstance(weights, types.Array))


_sum_lines: Any = intrinsic(_declared)


@njit(
    [types.void(_STARTS, _CODES, _NUMBERS, lines, lines, _VECTOR, _VECTOR, _INT, _INT) for lines in _LINES],
    cache=True,
    nogil=True,
)
def take_lines(
    starts: Starts,
    codes: Codes,
    weights: Numbers,
    offered: Lines,
    taken: Lines,
    total: Numbers,
    sizes: Numbers,
    first: int,
    end: int,
) -> None:
    """Fill these rows of `taken` with what they take, and add up its values and their sizes."""
    total[:] = 0.0
    sizes[:] = 0.0
    for row in range(first, end):
        pairs = (starts[row], starts[row + 1])
        if weights.size:
            _sum_lines(codes, weights, offered, taken, pairs, row)
        else:
            _sum_lines(codes, None, offered, taken, pairs, row)
        for k in range(taken.shape[1]):
            value = np.float64(taken[row, k])
            total[k] += value
            sizes[k] += abs(value)


@njit(
    [types.void(lines, _NUMBERS, _NUMBERS, _VECTOR, _INT, _INT) for lines in _LINES], cache=True, nogil=True
)
def sizes_without(
    rest: Lines, common: Numbers, amount: Numbers, sizes: Numbers, first: int, end: int
) -> None:
    """Sum of sizes in these rows without so much of the common vector."""
    sizes[:] = 0.0
    for account in range(first, end):
        for k in range(rest.shape[1]):
            sizes[k] += abs(rest[account, k] - amount[k] * common[account])


@njit(
    [types.void(lines, lines, lines, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS, _INT, _INT) for lines in _LINES],
    cache=True,
    nogil=True,
)
def settle_lines(
    rest: Lines,
    total: Lines,
    paid: Lines,
    share: Numbers,
    common: Numbers,
    solved: Numbers,
    amount: Numbers,
    first: int,
    end: int,
) -> None:
    """Take `amount` of the common vector out of the rest, add its solution and the rest to the total."""
    for account in range(first, end):
        for k in range(rest.shape[1]):
            value = rest[account, k] - amount[k] * common[account]
            total[account, k] += value + amount[k] * solved[account]
            paid[account, k] = value * share[account]


@njit(
    [types.void(lines, _CODES, _BITS, _INT, types.float64[:, ::1], _INT) for lines in _LINES],
    cache=True,
    nogil=True,
)
def finish_lines(
    total: Lines, place: Codes, seen: Bits, bit: int, found: NDArray[np.float64], column: int
) -> None:
    """Fill columns of `found`, in sum 1: exactly nothing where attention never leads, never less than it.

    `seen` says of each account in its bits, from `bit` on, from which columns it is reached.
    """
    width = min(total.shape[1], found.shape[1] - column)
    sums = np.zeros(width)
    for account in range(place.size):
        for k in range(width):
            if (seen[account] >> np.uint64(bit + k)) & np.uint64(1):
                sums[k] += max(total[place[account], k], 0.0)
    for account in range(place.size):
        for k in range(width):
            if (seen[account] >> np.uint64(bit + k)) & np.uint64(1):
                found[account, column + k] = max(total[place[account], k], 0.0) / sums[k]
            else:
                found[account, column + k] = 0.0
