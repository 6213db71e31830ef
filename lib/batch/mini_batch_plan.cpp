#include "batch/mini_batch_plan.h"

#include <algorithm>
#include <cassert>

#include "base/text.h"
#include "system/blake3.h"

namespace mlpipe {
namespace {

constexpr std::string_view heading = "mlpipe mini-batches 1\n";

void keep_first(ItemListing& listing, std::uint64_t count) {
  if (listing.items() <= count) return;
  listing.names.resize(listing.offsets[count]);
  listing.offsets.resize(count);
  auto& folders = listing.folders;
  while (!folders.empty() && folders.back().first >= count) folders.pop_back();
  if (!folders.empty()) folders.back().count = count - folders.back().first;
}

void add_number(std::string& text, std::uint64_t number) { text += std::to_string(number) + '\n'; }

// Takes fields off the front of a text; one that is missing makes it bad.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}
  std::string_view until(char end) {
    const auto at = rest_.find(end);
    if (at == std::string_view::npos) {
      good = false;
      return {};
    }
    const auto field = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return field;
  }
  std::uint64_t number() {
    const auto value = parse_integer(until('\n'));
    if (!value || *value < 0) good = false;
    return good ? static_cast<std::uint64_t>(*value) : 0;
  }
  bool done() const { return rest_.empty(); }

  bool good = true;

 private:
  std::string_view rest_;
};

Error damaged() { return {ErrorKind::store, "the saved mini-batch plan is damaged", {}}; }

}  // namespace

MiniBatchPlan::MiniBatchPlan(ItemListing listing, std::uint64_t size, std::optional<std::uint64_t> sample)
    : listing_(std::move(listing)), size_(size) {
  assert(size_ > 0);
  if (sample) keep_first(listing_, *sample);
  items_ = listing_.items();
  for (const auto& folder : listing_.folders) {
    first_mini_batch_.push_back(mini_batches_);
    mini_batches_ += (folder.count + size_ - 1) / size_;
  }
}

MiniBatchPlan::Range MiniBatchPlan::range_of(std::uint64_t mini_batch) const {
  assert(mini_batch < mini_batches_);
  const auto after = std::upper_bound(first_mini_batch_.begin(), first_mini_batch_.end(), mini_batch);
  const auto index = static_cast<std::size_t>(after - first_mini_batch_.begin()) - 1;
  const auto& folder = listing_.folders[index];
  const auto skipped = (mini_batch - first_mini_batch_[index]) * size_;
  return {&folder, folder.first + skipped, std::min(size_, folder.count - skipped)};
}

std::uint32_t MiniBatchPlan::items_of(std::uint64_t mini_batch) const { return static_cast<std::uint32_t>(range_of(mini_batch).count); }

std::vector<std::string> MiniBatchPlan::paths_of(std::uint64_t mini_batch, Slice slice) const {
  auto range = range_of(mini_batch);
  range.first += slice.first;
  range.count = std::min<std::uint64_t>(slice.count, range.count - slice.first);
  std::string prefix = (listing_.inputs[range.folder->input].base / range.folder->path).string();
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  std::vector<std::string> paths;
  paths.reserve(range.count);
  for (std::uint64_t item = range.first; item < range.first + range.count; ++item) {
    paths.push_back(prefix);
    paths.back() += listing_.name(item);
  }
  return paths;
}

std::string MiniBatchPlan::serialise() const {
  std::string text(heading);
  add_number(text, size_);
  add_number(text, listing_.inputs.size());
  add_number(text, listing_.folders.size());
  for (const auto& input : listing_.inputs) text.append(input.name.c_str(), input.name.size() + 1);
  for (const auto& folder : listing_.folders) {
    add_number(text, folder.input);
    add_number(text, folder.count);
    text.append(folder.path.c_str(), folder.path.size() + 1);
  }
  return text + listing_.names;
}

Result<MiniBatchPlan> MiniBatchPlan::parse(std::string_view bytes) {
  if (!bytes.starts_with(heading)) return damaged();
  Fields fields(bytes.substr(heading.size()));
  const auto size = fields.number(), inputs = fields.number(), folders = fields.number();
  ItemListing listing;
  for (std::uint64_t i = 0; fields.good && i < inputs; ++i) listing.add_input(std::string(fields.until('\0')), {});
  std::uint64_t items = 0;
  for (std::uint64_t i = 0; fields.good && i < folders; ++i) {
    const auto input = fields.number(), count = fields.number();
    if (!fields.good || input >= inputs || count == 0 || count > bytes.size()) return damaged();
    listing.folders.push_back({static_cast<std::uint32_t>(input), std::string(fields.until('\0')), items, count});
    items += count;
  }
  for (std::uint64_t i = 0; fields.good && i < items; ++i) {
    listing.offsets.push_back(listing.names.size());
    listing.names += fields.until('\0');
    listing.names += '\0';
  }
  if (!fields.good || !fields.done() || size == 0) return damaged();
  return MiniBatchPlan(std::move(listing), size);
}

Digest MiniBatchPlan::digest() const { return digest_of(serialise()); }

}  // namespace mlpipe
