// What can be wrong with a file of models, for an error that names the cure.
#pragma once
#include <stdexcept>
#include <string>

namespace causalsynth {

enum class FileProblem { foreign, newer, truncated, damaged, too_large, refused };

class FileError : public std::runtime_error {
 public:
  FileError(FileProblem problem, const std::string& what)
      : std::runtime_error(what), problem_(problem) {}
  FileProblem problem() const { return problem_; }

 private:
  FileProblem problem_;
};

// Reading ran past the end of the bytes.
class PastEnd : public FileError {
 public:
  PastEnd() : FileError(FileProblem::damaged, "a length points past the end") {}
};

inline void require_file(bool ok, const char* what) {
  if (!ok) throw FileError(FileProblem::damaged, what);
}

}  // namespace causalsynth
