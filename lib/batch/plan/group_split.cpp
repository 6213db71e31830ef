#include "batch/plan/group_split.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "batch/plan/plan_text.h"

namespace mlpipe {

// Gathers the files of one input after another.
class GroupSplit::Grouper {
 public:
  Grouper(GroupSplit& split, const std::vector<std::string>& keys) : split_(split), keys_(keys) {}

  Status begin(const std::string& written) {
    MLPIPE_TRY(format_, PartitionFormat::parse(written));
    written_ = written;
    places_.clear();
    split_.keys_.clear();
    for (const auto& key : keys_) {
      const auto& columns = format_->columns();
      const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == key; });
      if (found == columns.end())
        return Error{ErrorKind::spec, fmt::format("partition key `{}` is not in partition_format {}", key, written), {}};
      places_.push_back(static_cast<std::size_t>(found - columns.begin()));
      split_.keys_.push_back(*found);
    }
    return {};
  }

  Status add(const ItemListing& listing, const ItemListing::Folder& folder) {
    const std::string prefix = listing.prefix_of(folder);
    for (auto item = folder.first; item < folder.first + folder.count; ++item) {
      const auto columns = format_->match(prefix + std::string(listing.name(item)));
      if (!columns)
        return Error{ErrorKind::step_failed,
                     fmt::format("input `{}`: {} does not fit partition_format {}", listing.inputs[folder.input].name,
                                 listing.path_below(folder, item), written_), "the format stands for the end of each file's path"};
      std::vector<std::string> values;
      for (const auto place : places_) values.push_back((*columns)[place]);
      members_[std::move(values)].push_back(item);
    }
    return {};
  }

  void finish() {
    for (const auto& [values, items] : members_) {
      split_.groups_.push_back({values, split_.order_.size(), static_cast<std::uint32_t>(items.size())});
      split_.order_.insert(split_.order_.end(), items.begin(), items.end());
    }
    members_.clear();
  }

 private:
  GroupSplit& split_;
  const std::vector<std::string>& keys_;
  std::optional<PartitionFormat> format_;
  std::string written_;
  std::vector<std::size_t> places_;
  std::map<std::vector<std::string>, std::vector<std::uint64_t>> members_;
};

Result<std::unique_ptr<const Split>> GroupSplit::make(ItemListing listing, const std::vector<std::string>& formats,
                                                      const std::vector<std::string>& keys, std::optional<std::uint64_t> sample) {
  auto split = std::make_unique<GroupSplit>();
  split->listing_ = std::move(listing);
  Grouper grouper(*split, keys);
  for (std::uint32_t input = 0; input < formats.size(); ++input) {
    MLPIPE_TRY_VOID(grouper.begin(formats[input]));
    for (const auto& folder : split->listing_.folders)
      if (folder.input == input) MLPIPE_TRY_VOID(grouper.add(split->listing_, folder));
    grouper.finish();
  }
  auto& groups = split->groups_;
  while (sample && groups.size() > 1 && groups.back().first >= *sample) groups.pop_back();
  if (sample && !groups.empty() && groups.back().first + groups.back().count > *sample)
    groups.back().count = static_cast<std::uint32_t>(*sample - groups.back().first);
  if (!groups.empty()) split->order_.resize(groups.back().first + groups.back().count);
  return std::unique_ptr<const Split>(std::move(split));
}

const ItemListing::Folder& GroupSplit::folder_of(std::uint64_t item) const {
  const auto behind = [](std::uint64_t number, const ItemListing::Folder& folder) { return number < folder.first; };
  return *std::prev(std::upper_bound(listing_.folders.begin(), listing_.folders.end(), item, behind));
}

void GroupSplit::fill(wire::MiniBatch& message, std::uint64_t mini_batch, Slice slice) const {
  message.kind = wire::MiniBatch::Kind::file_group;
  message.items = names_of(mini_batch, slice);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const auto type = keys_[i].time ? wire::Key::Type::time : wire::Key::Type::text;
    message.keys.push_back({keys_[i].name, type, groups_[mini_batch].values[i]});
  }
}

std::vector<std::string> GroupSplit::names_of(std::uint64_t mini_batch, Slice slice) const {
  std::vector<std::string> paths;
  const auto first = groups_[mini_batch].first + slice.first;
  for (auto at = first; at < first + slice.count; ++at)
    paths.push_back(listing_.prefix_of(folder_of(order_[at])) + std::string(listing_.name(order_[at])));
  return paths;
}

std::string GroupSplit::serialise() const {
  PlanWriter out(heading);
  out.number(keys_.size());
  for (const auto& key : keys_) out.bytes(key.name).number(key.time);
  out.number(groups_.size());
  for (const auto& group : groups_) {
    for (const auto& value : group.values) out.bytes(value);
    out.number(group.count);
  }
  for (const auto item : order_) out.number(item);
  listing_.write(out);
  return std::move(out.text);
}

Result<std::unique_ptr<const Split>> GroupSplit::read(std::string_view bytes) {
  PlanReader in(bytes.substr(heading.size()));
  auto split = std::make_unique<GroupSplit>();
  for (auto left = in.count(); in.good && left > 0; --left) {
    auto name = in.bytes();
    split->keys_.push_back({std::move(name), in.number() != 0});
  }
  std::uint64_t items = 0;
  for (auto left = in.count(); in.good && left > 0; --left) {
    Group group;
    for (std::size_t i = 0; in.good && i < split->keys_.size(); ++i) group.values.push_back(in.bytes());
    group.first = items;
    const auto count = in.count();
    if (count == 0 || count >= UINT32_MAX) in.good = false;
    group.count = static_cast<std::uint32_t>(count);
    items += count;
    split->groups_.push_back(std::move(group));
  }
  for (std::uint64_t i = 0; in.good && i < items; ++i) split->order_.push_back(in.number());
  split->listing_ = ItemListing::read(in);
  const auto beyond = [&](std::uint64_t item) { return item >= split->listing_.items(); };
  if (!in.done() || split->keys_.empty() || std::any_of(split->order_.begin(), split->order_.end(), beyond)) return damaged_plan();
  return std::unique_ptr<const Split>(std::move(split));
}

}  // namespace mlpipe
