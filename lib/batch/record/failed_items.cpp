#include "batch/record/failed_items.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "system/process.h"

namespace mlpipe {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(FailedItem::Kind kind) {
  switch (kind) {
    case FailedItem::Kind::exception: return "exception";
    case FailedItem::Kind::crash: return "crash";
    case FailedItem::Kind::timeout: return "timeout";
    case FailedItem::Kind::out_of_memory: return "out of memory";
    case FailedItem::Kind::returned_too_little: return "returned too little";
    case FailedItem::Kind::reported: return "reported";
  }
  return "";
}

std::string line_of(std::uint64_t mini_batch, const FailedItem& failed) {
  Json json{{"mini_batch", mini_batch}};
  if (failed.number) json["number"] = *failed.number;
  if (!failed.item.empty()) json["item"] = failed.item;
  if (!failed.number) json["items"] = failed.items;
  json["reason"] = failed.reason;
  json["kind"] = name_of(failed.kind);
  if (failed.signal != 0) json["signal"] = signal_name(failed.signal);
  if (failed.peak_memory != 0) json["peak_memory"] = failed.peak_memory;
  if (failed.tries != 0) json["tries"] = failed.tries;
  if (!failed.traceback.empty()) json["traceback"] = failed.traceback;
  if (!failed.stderr_tail.empty()) json["stderr"] = failed.stderr_tail;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> lines_of(std::uint64_t mini_batch, const std::vector<FailedItem>& items) {
  std::vector<std::string> lines;
  for (const auto& item : items) lines.push_back(line_of(mini_batch, item));
  return lines;
}

}  // namespace

// A line of the state's file: the mini-batch's number, a blank, and its items as a JSON list of lines.
FailedItems::FailedItems(Path state, const std::vector<FinishedBatch>& finished) : state_(std::move(state)) {
  const auto text = read_file(file());
  if (!text) return;
  std::unordered_map<std::uint64_t, std::vector<std::string>> noted;
  for (const std::string_view line : split(*text, '\n')) {
    const auto blank = line.find(' ');
    const auto number = parse_integer(line.substr(0, blank));
    const auto json = blank == std::string_view::npos ? Json() : Json::parse(line.substr(blank), nullptr, false);
    if (!number || *number < 0 || !json.is_array()) continue;
    if (!std::all_of(json.begin(), json.end(), [](const Json& entry) { return entry.is_string(); })) continue;
    noted[static_cast<std::uint64_t>(*number)] = json.get<std::vector<std::string>>();
  }
  for (const auto& batch : finished)
    if (const auto found = noted.find(batch.mini_batch); batch.failed_items > 0 && found != noted.end()) items_.insert(std::move(*found));
}

void FailedItems::keep(std::uint64_t mini_batch, std::vector<FailedItem> items) {
  if (items.empty()) return;
  auto lines = lines_of(mini_batch, items);
  if (!fd_) {
    auto opened = open_file(file(), O_WRONLY | O_CREAT | O_APPEND);
    if (opened) fd_ = opened.take();
  }
  // The line feed first: whatever an earlier run left half written ends there.
  if (fd_) (void)write_all(fd_.get(), "\n" + std::to_string(mini_batch) + " " + Json(lines).dump() + "\n", file());
  items_[mini_batch] = std::move(lines);
}

void FailedItems::add(std::uint64_t mini_batch, std::vector<FailedItem> items) { items_[mini_batch] = lines_of(mini_batch, items); }

void FailedItems::sync() {
  if (fd_) (void)::fdatasync(fd_.get());
}

void FailedItems::forget_all() {
  items_.clear();
  fd_.reset();
  (void)::unlink(file().c_str());
}

std::string FailedItems::to_jsonl() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, lines] : items_) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  std::string text;
  for (const auto number : numbers)
    for (const auto& line : items_.at(number)) text += line + "\n";
  return text;
}

}  // namespace mlpipe
