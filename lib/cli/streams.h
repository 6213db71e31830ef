// stdout carries data, stderr messages. Nothing else in lib/cli writes to either.
#pragma once

#include <string_view>

#include "base/result.h"

namespace mlpipe::cli {

// Makes 0, 1 and 2 exist: a file that is opened later must never become one of them, or messages would be written into it.
// Printing to an stdout that was closed stays an error.
void ensure_standard_descriptors();

// Data. A reader that went away (`mlpipe runs | head`) is no error; a full disk is (kind store).
Status print(std::string_view text);
// A message, with its line end. Never fails.
void tell(std::string_view line);
// Messages with their line ends.
void tell_lines(std::string_view lines);
// "mlpipe: error: ..." and "hint: ..." on stderr. One without a message has been told already.
void tell(const Error& error);

}  // namespace mlpipe::cli
