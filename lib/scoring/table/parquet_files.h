// The rows of a mini-batch as a Parquet file, through the module mlpipe_parquet.so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "scoring/rows/row_writer.h"

namespace mlpipe {

// Opens the module, if it is not open. Error: there is none, and how to get it.
Status parquet_is_there();
// `rows`: what RowWriter wrote with RowFormat::parquet. Gives the file "parquet" as scoring/rows/mini_batch_files.h puts it, with one row group:
// numbers are doubles, null where there is none, all else is text.
Result<std::string> parquet_files(const std::vector<RowWriter::TableColumn>& table, std::string_view rows);

}  // namespace mlpipe
