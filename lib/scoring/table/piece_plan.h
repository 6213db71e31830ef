// Which columns of one piece of a table are wanted, and where their values go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/module.h"
#include "scoring/table/row_block.h"

namespace mlpipe {

// What one input takes from the file: column fields[i] goes to places[i]. In the order of the places.
struct InputPlan {
  ValueType type = ValueType::float32;
  std::vector<std::uint32_t> fields, places;
};

// A text that is wanted: column `field` of the file, or what the path gives.
struct TextPlan {
  std::uint32_t field = 0;
  const char* of_path = nullptr;
};

struct PiecePlan {
  std::vector<InputPlan> inputs;
  std::vector<std::pair<ValuePlace, std::string_view>> of_path;  // values that the path gives
  std::vector<TextPlan> texts;

  // Values and texts that the path gives, into a row.
  void take_of_path(std::size_t row, RowBlock& block) const;
};

// `names`: those of the file's columns. A column that the path gives stands before one of the file. Error: one that there is not.
Result<PiecePlan> plan_piece(const TableColumns& columns, const mlpipe_table_piece& piece, const std::vector<std::string>& names);

// Every column that is wanted and that the path does not give, once: the names for a file whose rows alone know theirs.
std::vector<std::string> wanted_names(const TableColumns& columns, const mlpipe_table_piece& piece);

}  // namespace mlpipe
