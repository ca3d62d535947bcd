#include "core/linear/definite.h"

#include <Eigen/Cholesky>

#include "core/base/require.h"

namespace causalsynth {

double shrinkage_to_definite(const MatrixView<const double>& r, double least) {
  require(r.rows() == r.cols() && least >= 0.0 && least < 1.0, "a square matrix is needed");
  if (r.rows() == 0) return 0.0;
  const auto n = static_cast<Eigen::Index>(r.rows());
  const Eigen::Map<const Eigen::MatrixXd> given(r.column(0).data(), n, n);
  Eigen::MatrixXd work;
  const auto definite = [&](int step) {
    const double a = step / 256.0;
    work = (1.0 - a) * given;
    work.diagonal().array() += a - least;
    const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(work);
    return factor.info() == Eigen::Success;
  };
  if (definite(0)) return 0.0;
  int below = 0, enough = 256;
  while (enough - below > 1) {
    const int middle = (below + enough) / 2;
    (definite(middle) ? enough : below) = middle;
  }
  return enough / 256.0;
}

}  // namespace causalsynth
