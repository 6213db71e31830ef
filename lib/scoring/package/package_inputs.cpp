#include "scoring/package/package_inputs.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace mlpipe {
namespace {

// Takes `prefix` away from the start of `text`.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = digits < 19 ? parse_integer(text.substr(0, digits)) : std::nullopt;
  text.remove_prefix(digits);
  return number;
}

// The number behind `words` in the few lines of a message.
std::optional<std::int64_t> number_behind(std::string_view text, std::string_view words) {
  text = text.substr(0, 200);
  const auto at = text.find(words);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + words.size());
  return take_number(text);
}

// No model has more, so that a damaged package takes no memory.
constexpr std::int64_t most_inputs = 1000, most_sides = 64;

SizeRange& side_at(std::vector<PackageInput>& inputs, std::size_t input, std::size_t side) {
  if (inputs.size() <= input) inputs.resize(input + 1);
  if (inputs[input].size() <= side) inputs[input].resize(side + 1);
  return inputs[input][side];
}

// `text` is a message behind its number of the input: `]: dim value is too small at 0, " << "expected it to be >= 2, "`.
void read_check(std::string_view text, std::size_t input, std::vector<PackageInput>& inputs) {
  const auto side_of = [&](std::string_view words) -> SizeRange* {
    auto rest = text;
    if (!skip(rest, words)) return nullptr;
    const auto side = take_number(rest);
    return side && *side < most_sides ? &side_at(inputs, input, static_cast<std::size_t>(*side)) : nullptr;
  };
  if (SizeRange* side = side_of("]: unmatched dim value at ")) {
    if (const auto size = number_behind(text, "expected: ")) *side = {*size, *size};
  } else if ((side = side_of("]: dim value is too small at "))) {
    if (const auto size = number_behind(text, ">= ")) side->least = *size;
  } else if ((side = side_of("]: dim value is too large at "))) {
    if (const auto size = number_behind(text, "<= ")) side->most = *size;
  }
}

std::string side_text(const SizeRange& side) {
  constexpr auto any = std::numeric_limits<std::int64_t>::max();
  if (side.fixed()) return std::to_string(side.least);
  return side.most == any ? fmt::format("{} or more", side.least) : fmt::format("{} to {}", side.least, side.most);
}

std::string row_text(const PackageInput& input) {
  std::vector<std::string> sides;
  for (std::size_t side = 1; side < input.size(); ++side) sides.push_back(side_text(input[side]));
  return fmt::format("[{}]", fmt::join(sides, ", "));
}

bool fits(const PackageInput& input, const std::vector<std::int64_t>& row) {
  if (input.empty()) return true;
  if (input.size() > row.size() + 1) return false;
  for (std::size_t side = 1; side < input.size(); ++side)
    if (!input[side].holds(row[side - 1])) return false;
  return true;
}

}  // namespace

std::vector<PackageInput> package_inputs(std::string_view source) {
  constexpr std::string_view start = "\"input_handles[";
  std::vector<PackageInput> inputs;
  for (auto at = source.find(start); at != std::string_view::npos; at = source.find(start, at + 1)) {
    auto text = source.substr(at + start.size());
    if (const auto input = take_number(text); input && *input < most_inputs) read_check(text, static_cast<std::size_t>(*input), inputs);
  }
  return inputs;
}

Status check_rows(const std::vector<PackageInput>& inputs, const std::vector<std::vector<std::int64_t>>& rows) {
  if (inputs.empty()) return {};
  if (inputs.size() != rows.size())
    return Error{ErrorKind::step_failed, fmt::format("the package takes {}, and scoring gives {}", plural(inputs.size(), "input"), rows.size()),
                 "each input needs its columns or its name, in the order in which the model takes them"};
  for (std::size_t input = 0; input < inputs.size(); ++input)
    if (!fits(inputs[input], rows[input]))
      return Error{ErrorKind::step_failed,
                   fmt::format("input {} of the package takes rows of shape {}, and scoring gives [{}]", input + 1, row_text(inputs[input]), fmt::join(rows[input], ", ")),
                   "make scoring give that shape, or the package for another one"};
  return {};
}

SizeRange batch_range(const std::vector<PackageInput>& inputs) {
  SizeRange range;
  for (const PackageInput& input : inputs) {
    if (input.empty()) continue;
    range.least = std::max(range.least, input[0].least);
    range.most = std::min(range.most, input[0].most);
  }
  range.least = std::max<std::int64_t>(range.least, 1);
  range.most = std::max(range.least, range.most);
  return range;
}

std::string batches_text(const SizeRange& range) { return fmt::format("batches of {} rows", side_text(range)); }

Status check_batch_size(const SizeRange& range, std::size_t given) {
  if (range.holds(static_cast<std::int64_t>(given))) return {};
  const std::string remedy = range.fixed() ? fmt::format("batch_size: {}, or leave it away", range.least) : "leave batch_size away, or give one of these";
  return Error{ErrorKind::step_failed, fmt::format("the package takes {}, and batch_size is {}", batches_text(range), given), remedy};
}

}  // namespace mlpipe
