// Mistakes in a file a user wrote: where they are, what they are, what to do. One renderer draws them all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mlpipe {

// A place in a source file. Lines and columns count from 1, columns in bytes; line 0: the file as a whole.
struct Location {
  std::string file;  // as the user would type it: relative to the working directory where that is shorter
  int line = 0;
  int column = 0;
  int length = 1;  // bytes that the caret underlines

  friend bool operator==(const Location&, const Location&) = default;
};

// A value and the place where the user wrote it.
template <class T>
struct Located {
  T value{};
  Location where;
};

enum class Severity { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Location where;
  std::string message;  // lower case, no full stop
  std::string hint;     // the remedy, or empty
};

// Collects the mistakes of a file, so that all are reported at once.
class Diagnostics {
 public:
  void error(const Location& where, std::string message, std::string hint = {});
  void warning(const Location& where, std::string message, std::string hint = {});

  bool has_errors() const { return errors_ > 0; }
  const std::vector<Diagnostic>& all() const { return all_; }
  // In order of file, line and column, without exact repetitions.
  void sort();

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

// Draws "file:line:col: error: message", the source line, a caret and "hint: ...". `source` is the whole text of the
// file (may be empty: then no line is drawn). Long lines are cut around the caret; control bytes become '?'.
std::string render(const Diagnostic& diagnostic, std::string_view source, bool colour);

}  // namespace mlpipe
