// The rows of a mini-batch as numpy's .npy, with what each of them is of.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mlpipe {

// `rows`: what RowWriter wrote with RowFormat::npy. Gives two files as scoring/rows/mini_batch_files.h puts them: "npy", float32 of shape [rows,
// values], and "items.txt", a line a row. Error: the rows have not all as many values.
Result<std::string> npy_files(std::string_view rows);

}  // namespace mlpipe
