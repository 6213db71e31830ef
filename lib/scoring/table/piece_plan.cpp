#include "scoring/table/piece_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.h"

namespace mlpipe {
namespace {

const char* value_of_path(const mlpipe_table_piece& piece, std::string_view name) {
  for (std::size_t i = piece.column_count; i-- > 0;)
    if (piece.columns[i].name == name) return piece.columns[i].value;
  return nullptr;
}

// Columns by their names.
class Names {
 public:
  Names(const mlpipe_table_piece& piece, const std::vector<std::string>& names) : piece_(piece), names_(names) {
    for (std::uint32_t i = 0; i < names.size(); ++i) numbers_.emplace(names[i], i);
  }

  Result<TextPlan> find(const std::string& name) const {
    if (const char* value = value_of_path(piece_, name)) return TextPlan{0, value};
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return TextPlan{found->second, nullptr};
    return Error{ErrorKind::step_failed, fmt::format("{} has no column `{}`", piece_.path, name), suggestion(name, names_)};
  }

 private:
  const mlpipe_table_piece& piece_;
  const std::vector<std::string>& names_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

Status plan_input(const Names& names, const ModelInput& input, std::size_t number, PiecePlan& plan) {
  InputPlan& planned = plan.inputs.emplace_back();
  planned.type = input.type;
  for (std::size_t place = 0; place < input.columns.size(); ++place) {
    MLPIPE_TRY(const TextPlan found, names.find(input.columns[place]));
    if (found.of_path) {
      plan.of_path.push_back({{number, place}, found.of_path});
      continue;
    }
    planned.fields.push_back(found.field);
    planned.places.push_back(static_cast<std::uint32_t>(place));
  }
  return {};
}

}  // namespace

void PiecePlan::take_of_path(std::size_t row, RowBlock& block) const {
  for (const auto& [at, text] : of_path) block.take_text(row, at, text);
  for (std::size_t column = 0; column < texts.size(); ++column)
    if (texts[column].of_path) block.set_text(row, column, texts[column].of_path);
}

Result<PiecePlan> plan_piece(const TableColumns& columns, const mlpipe_table_piece& piece, const std::vector<std::string>& names) {
  const Names known(piece, names);
  PiecePlan plan;
  for (std::size_t i = 0; i < columns.inputs.size(); ++i) MLPIPE_TRY_VOID(plan_input(known, columns.inputs[i], i, plan));
  for (const std::string& text : columns.texts) {
    MLPIPE_TRY(const TextPlan found, known.find(text));
    plan.texts.push_back(found);
  }
  return plan;
}

std::vector<std::string> wanted_names(const TableColumns& columns, const mlpipe_table_piece& piece) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!value_of_path(piece, name) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ModelInput& input : columns.inputs)
    for (const std::string& name : input.columns) add(name);
  for (const std::string& name : columns.texts) add(name);
  return names;
}

}  // namespace mlpipe
