#include "batch/plan/plan_text.h"

#include "base/text.h"

namespace mlpipe {

PlanWriter& PlanWriter::number(std::uint64_t value) {
  text += std::to_string(value) + '\n';
  return *this;
}

PlanWriter& PlanWriter::name(const std::string& value) {
  text.append(value.c_str(), value.size() + 1);
  return *this;
}

PlanWriter& PlanWriter::bytes(std::string_view value) {
  number(value.size());
  text += value;
  return *this;
}

std::string_view PlanReader::until(char end) {
  const auto at = rest_.find(end);
  if (at == std::string_view::npos) good = false;
  if (!good) return {};
  const auto field = rest_.substr(0, at);
  rest_.remove_prefix(at + 1);
  return field;
}

std::uint64_t PlanReader::number() {
  const auto value = parse_integer(until('\n'));
  if (!value || *value < 0) good = false;
  return good ? static_cast<std::uint64_t>(*value) : 0;
}

std::string PlanReader::name() { return std::string(until('\0')); }

std::string PlanReader::bytes() {
  const auto size = count();
  if (!good) return {};
  std::string value(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return value;
}

std::uint64_t PlanReader::count(std::uint64_t least) {
  const auto value = number();
  if (value > rest_.size() / least) good = false;
  return good ? value : 0;
}

Error damaged_plan() { return {ErrorKind::store, "the saved mini-batch plan is damaged", {}}; }

}  // namespace mlpipe
