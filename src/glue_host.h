// What every export needs: R's side of the parallel loop, keys, option lists.
#pragma once
#include <Rcpp.h>

#include <cstdint>
#include <set>
#include <string>

#include "core/base/span.h"
#include "core/parallel/parallel_for.h"

namespace glue {

// An interrupt pending in R becomes Rcpp's exception, which R then sees as Ctrl-C.
inline void check_interrupt() {
  auto ask = [](void*) { R_CheckUserInterrupt(); };
  if (R_ToplevelExec(ask, nullptr) == FALSE) throw Rcpp::internal::InterruptedException();
}

// `progress`: NULL, or an R function of the share done.
inline causalsynth::Execution execution(int threads, Rcpp::Nullable<Rcpp::Function> progress) {
  causalsynth::Execution result;
  result.threads = threads;
  SEXP callback = progress.isNull() ? R_NilValue : progress.get();
  result.poll = [callback](double share) {
    check_interrupt();
    if (callback == R_NilValue) return;
    Rcpp::Function report(callback);
    report(share);
  };
  return result;
}

// `run`: a list of threads and progress (see run_control() in R/random.R).
inline causalsynth::Execution execution(const Rcpp::List& run) {
  return execution(Rcpp::as<int>(run["threads"]),
                   Rcpp::as<Rcpp::Nullable<Rcpp::Function>>(run["progress"]));
}

// Keys travel as two whole numbers below 2^32: high, low.
inline std::uint64_t key(const Rcpp::NumericVector& words) {
  if (words.size() != 2) Rcpp::stop("internal: a random key has two words");
  return (static_cast<std::uint64_t>(words[0]) << 32) | static_cast<std::uint64_t>(words[1]);
}
inline Rcpp::NumericVector key_words(std::uint64_t key) {
  return Rcpp::NumericVector::create(static_cast<double>(key >> 32),
                                     static_cast<double>(key & 0xFFFFFFFFull));
}

inline causalsynth::Span<const double> view(const Rcpp::NumericVector& x) {
  return {x.begin(), static_cast<std::size_t>(x.size())};
}
inline causalsynth::Span<const unsigned char> view(const Rcpp::RawVector& x) {
  return {x.begin(), static_cast<std::size_t>(x.size())};
}
inline Rcpp::RawVector raw(const std::vector<unsigned char>& bytes) {
  return Rcpp::RawVector(bytes.begin(), bytes.end());
}
inline causalsynth::Span<double> writable(Rcpp::NumericVector& x) {
  return {x.begin(), static_cast<std::size_t>(x.size())};
}

inline std::set<std::string> as_set(const Rcpp::CharacterVector& x) {
  std::set<std::string> result;
  for (R_xlen_t i = 0; i < x.size(); ++i) result.insert(Rcpp::as<std::string>(x[i]));
  return result;
}

// Reads a named R list into an options struct; a name that nothing asked for is an error.
class OptionList {
 public:
  explicit OptionList(const Rcpp::List& list) : list_(list) {}
  template <class T>
  void read(const char* name, T& target) {
    known_.insert(name);
    if (list_.containsElementNamed(name)) target = Rcpp::as<T>(list_[name]);
  }
  void read_key(std::uint64_t& target) {
    Rcpp::NumericVector words;
    read("key", words);
    target = key(words);
  }
  void finish() const {
    if (list_.size() == 0) return;
    const Rcpp::CharacterVector names = list_.names();
    for (const auto& name : names)
      if (!known_.count(Rcpp::as<std::string>(name)))
        Rcpp::stop("internal: unknown option '%s'", Rcpp::as<std::string>(name));
  }

 private:
  Rcpp::List list_;
  std::set<std::string> known_;
};

}  // namespace glue
