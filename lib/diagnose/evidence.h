// What recognisers look for in facts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/facts.h"

namespace mlpipe::diagnosis {

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
inline bool failed(const Facts& facts) { return facts.moment == Facts::Moment::failed; }
inline bool before(const Facts& facts) { return facts.moment == Facts::Moment::before; }
inline bool ended(const Facts& facts) { return facts.moment == Facts::Moment::ended; }
inline bool is_parallel(const Facts& facts) { return facts.step.parallel() != nullptr; }

// All that is known in words: the error, the traceback, what was printed.
std::string words_of(const Facts& facts);

// The line that holds `part`, trimmed and cut to 200 bytes; empty: none does.
std::string line_with(std::string_view text, std::string_view part);
// The text between `before` and the next `after`; nothing: one of them is not there.
std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after);

// A Python text whose comments and strings are blanks: as long as the text, line by line. A text that is cut off in a string is blank
// to its end.
std::string python_code(std::string_view text);

// The first place of any of these calls ("ComputeTarget.create(") in the code of a Python file.
struct Found {
  std::string what, file;
  int line = 0;
};
std::optional<Found> find_code(const Facts& facts, const std::vector<std::string>& parts);

// Names of options that scripts declare, "--model", by add_argument.
std::vector<std::string> declared_options(const Facts& facts);

// Whether a script opens a file to append to it.
std::optional<Found> find_append(const Facts& facts);

}  // namespace mlpipe::diagnosis
