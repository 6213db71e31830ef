// The names of the columns of delimited text.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "scoring/module.h"

namespace mlpipe {

// Those of the header, as pandas has them: one without a name is "Unnamed: 3" (its number from 0), one that there was before "name.1".
// Without a header: "Column1", "Column2", ..., as many as the file's first row has.
Result<std::vector<std::string>> column_names(const mlpipe_table_piece& piece);

}  // namespace mlpipe
