// Columns of text, aligned.
#pragma once

#include <string>
#include <vector>

namespace mlpipe::cli {

// Each column as wide as its widest cell, two blanks between them, no blanks at line ends.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace mlpipe::cli
