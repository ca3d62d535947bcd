// What is wrong with a file, as R sees it.
#pragma once
#include "core/base/file_error.h"
#include "glue_host.h"

namespace glue {

inline const char* problem_name(causalsynth::FileProblem problem) {
  using causalsynth::FileProblem;
  switch (problem) {
    case FileProblem::foreign:
      return "foreign";
    case FileProblem::newer:
      return "newer";
    case FileProblem::truncated:
      return "truncated";
    case FileProblem::too_large:
      return "too_large";
    case FileProblem::refused:
      return "refused";
    default:
      return "damaged";
  }
}

// Runs `work`; a FileError becomes list(problem, detail) of class causalsynth_file_problem.
template <class Work>
Rcpp::RObject file_result(const Work& work) {
  try {
    return work();
  } catch (const causalsynth::FileError& e) {
    Rcpp::List result = Rcpp::List::create(Rcpp::Named("problem") = problem_name(e.problem()),
                                           Rcpp::Named("detail") = e.what());
    result.attr("class") = "causalsynth_file_problem";
    return result;
  }
}

}  // namespace glue
