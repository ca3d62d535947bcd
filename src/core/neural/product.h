// Matrix products, on the thread that calls. Each number of a result is a chain of fused
// multiply-adds from 0 in the order of the inner index, whatever the shapes and the instructions
// used: a row's result does not depend on the rows beside it, and all machines give the same bits.
// For several threads, give each a block of rows (and each block a gradient of its own: see
// gradient_sum.h).
#pragma once
#include "matrix.h"

namespace causalsynth {

enum class Into { replace, add };

// C = A B: (n x k) (k x m).
template <class T>
void multiply(Rows<const T> a, Rows<const T> b, Rows<T> c, Into into = Into::replace);

// C = A' B: (n x k)' (n x m) - a layer's gradient of weights, with Into::add.
template <class T>
void multiply_left_transposed(Rows<const T> a, Rows<const T> b, Rows<T> c,
                              Into into = Into::replace);

// C = A B': (n x k) (m x k)' - a layer's gradient of inputs. B is transposed first.
template <class T>
void multiply_right_transposed(Rows<const T> a, Rows<const T> b, Rows<T> c,
                               Into into = Into::replace);

// A' (columns x rows, without gaps).
template <class T>
void transpose(Rows<const T> a, T* to);

}  // namespace causalsynth
