#include "upkeep/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "reuse/ingredients.h"
#include "store/aside.h"
#include "store/records.h"
#include "store/room.h"
#include "upkeep/contents.h"
#include "upkeep/incoming.h"

namespace mlpipe {
namespace {

constexpr const char* label = "mlpipe-cache.json";
constexpr int our_format = 1;
constexpr std::size_t most_record = 64 << 20;

std::string label_text(std::size_t results) {
  return nlohmann::ordered_json{{"mlpipe cache", our_format}, {"results", results}, {"mlpipe", MLPIPE_VERSION}}.dump() + "\n";
}

Error not_ours(const std::string& what) { return {ErrorKind::store, what, "is it made by `mlpipe cache export`?"}; }

Status check_label(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto format = json.is_object() && json.contains("mlpipe cache") ? json["mlpipe cache"] : nlohmann::json();
  if (!format.is_number_integer()) return not_ours("this is no cache archive");
  if (format.get<long long>() == our_format) return {};
  return Error{ErrorKind::store, fmt::format("the archive has format {}, this mlpipe knows {}", format.get<long long>(), our_format), "use a newer mlpipe"};
}

// Folder, name, and what follows: "objects", "1a2b...", "model/weights.pt".
struct Place {
  std::string folder, name, below;
};

// Nothing: no archive of ours has such an entry.
std::optional<Place> place_of(std::string_view entry) {
  if (entry.ends_with('/')) entry.remove_suffix(1);
  for (const std::string_view part : split(entry, '/'))
    if (part.empty() || part == "." || part == "..") return std::nullopt;
  for (const std::string_view folder : {"objects", "texts", "code/trees", "code/files", "results"}) {
    if (!entry.starts_with(folder) || entry.size() <= folder.size() || entry[folder.size()] != '/') continue;
    const std::string_view rest = entry.substr(folder.size() + 1), name = rest.substr(0, rest.find('/'));
    if (!Digest::parse(name)) return std::nullopt;
    const std::string_view below = rest.size() > name.size() ? rest.substr(name.size() + 1) : std::string_view();
    if (folder != "objects" && !below.empty()) return std::nullopt;
    return Place{std::string(folder), std::string(name), std::string(below)};
  }
  return std::nullopt;
}

class Import {
 public:
  Import(const Store& store, ArchiveReader archive, const Path& folder) : store_(store), archive_(std::move(archive)), folder_(folder) {}

  Result<Imported> run() {
    Imported imported;
    imported.status = read();
    MLPIPE_TRY_VOID(put_texts());
    MLPIPE_TRY_VOID(put_code());
    for (const StepResult& result : results_) MLPIPE_TRY_VOID(take(result, imported.exchanged));
    MLPIPE_TRY_VOID(store_.sync_results());
    imported.exchanged.results = results_.size();
    if (imported.status && results_.size() < promised_)
      imported.status = Error{ErrorKind::store, fmt::format("the archive has {} of {} results", results_.size(), promised_), "it is not whole"};
    return imported;
  }

 private:
  Status read() {
    MLPIPE_TRY(auto first, archive_.next());
    if (!first || first->name != label || !first->is_file) return not_ours("this is no cache archive");
    MLPIPE_TRY(const std::string text, archive_.text(most_record));
    MLPIPE_TRY_VOID(check_label(text));
    const auto promised = nlohmann::json::parse(text, nullptr, false).value("results", nlohmann::json());
    if (promised.is_number_unsigned()) promised_ = promised.get<std::size_t>();
    while (true) {
      MLPIPE_TRY(const auto entry, archive_.next());
      if (!entry) return {};
      MLPIPE_TRY_VOID(take_entry(*entry));
    }
  }

  Status take_entry(const ArchiveEntry& entry) {
    const auto place = place_of(entry.name);
    const bool fits = place && (entry.is_file || (entry.is_folder && place->folder == "objects"));
    if (!fits) return not_ours(fmt::format("the archive has an entry `{}` that does not belong there", entry.name));
    if (place->folder == "results") return take_record(*place);
    const Path to = folder_ / place->folder / place->name / place->below;
    if (entry.is_folder) return make_dirs(to);
    MLPIPE_TRY_VOID(check_room(store_, entry.size));
    MLPIPE_TRY_VOID(make_dirs(to.has_filename() ? to.parent_path() : to.parent_path().parent_path()));
    return archive_.extract(entry, to.has_filename() ? to : to.parent_path());
  }

  Status take_record(const Place& place) {
    MLPIPE_TRY(const std::string text, archive_.text(most_record));
    auto result = decode_result(text);
    if (!result || result->fingerprint.hex() != place.name) return not_ours(fmt::format("the archive's result {} cannot be read", place.name));
    for (const StoredOutput& output : result->outputs) ++uses_[store_.object_path(output)];
    results_.push_back(std::move(*result));
    return {};
  }

  // A manifest or a listing, of which each proves itself.
  static bool is_text_of(const Digest& name, const std::string& text) {
    const auto manifest = Manifest::from_text(text);
    if (manifest) return manifest->fingerprint() == name;
    const auto tree = tree_from_text(text);
    return tree && tree->digest == name;
  }

  Status put_texts() {
    const Path folder = folder_ / "texts";
    const auto names = list_folder(folder);
    if (!names) return {};
    for (const std::string& name : *names) {
      MLPIPE_TRY(const std::string text, read_file(folder / name));
      const Digest digest = *Digest::parse(name);
      if (is_text_of(digest, text)) MLPIPE_TRY_VOID(store_.put_text(digest, text));
    }
    return {};
  }

  // What is read of it later is held against its digests then.
  Status put_code() {
    for (const char* kind : {"code/trees", "code/files"}) {
      const auto names = list_folder(folder_ / kind);
      if (!names) continue;
      MLPIPE_TRY_VOID(make_dirs(store_.root() / kind));
      for (const std::string& name : *names)
        if (const Path to = store_.root() / kind / name; !path_exists(to) && path_exists(folder_ / kind / name)) MLPIPE_TRY_VOID(rename_path(folder_ / kind / name, to));
    }
    return {};
  }

  // Each output gets a place of its own: an object may be part of several, and is moved for the last of them only.
  Result<Path> built(const StoredOutput& output) {
    const Path object = store_.object_path(output), aside = folder_ / "objects" / object.filename();
    const Path place = folder_ / "built" / std::to_string(built_++);
    MLPIPE_TRY_VOID(make_dirs(place.parent_path()));
    const bool last = --uses_[object] == 0;
    if (path_exists(aside)) MLPIPE_TRY_VOID(last ? rename_path(aside, place) : copy_tree(aside, place));
    return output.file.empty() ? place : place / output.file;
  }

  Status take(const StepResult& result, Exchanged& exchanged) {
    if (const auto there = store_.find(result.fingerprint); there && outputs_stand(store_, *there)) return {};
    MLPIPE_TRY(auto claim, store_.claim(result.fingerprint, false));
    if (!std::holds_alternative<Slot>(claim)) {
      exchanged.notices.push_back(fmt::format("{}: another process is making it", result.step));
      return {};
    }
    std::vector<Path> paths;
    for (const StoredOutput& output : result.outputs) {
      MLPIPE_TRY(paths.emplace_back(), built(output));
    }
    if (const auto checked = check_incoming(result, paths); !checked) {
      if (by_signal(checked.error().kind)) return checked;
      exchanged.notices.push_back(fmt::format("{}: left out: {}", result.step, checked.error().message));
      return {};
    }
    MLPIPE_TRY_VOID(std::get<Slot>(claim).publish(result, paths));
    for (const StoredOutput& output : result.outputs) exchanged.bytes += output.bytes;
    ++exchanged.added;
    return {};
  }

  const Store& store_;
  ArchiveReader archive_;
  const Path folder_;
  std::vector<StepResult> results_;
  std::map<Path, std::size_t> uses_;  // of objects, by outputs that are still to come
  std::size_t built_ = 0;
  std::size_t promised_ = 0;
};

Status write_names(const Store& store, ArchiveWriter& archive, const std::set<std::string>& names) {
  for (const std::string& name : names)
    if (path_exists(store.root() / name) && !name.starts_with("code/checkouts/")) MLPIPE_TRY_VOID(archive.add_tree(name, store.root() / name));
  return {};
}

}  // namespace

Result<std::vector<Digest>> all_results(const Store& store) {
  Contents contents(store);
  MLPIPE_TRY_VOID(contents.refresh());
  std::vector<Digest> fingerprints;
  for (const auto& [fingerprint, result] : contents.results()) fingerprints.push_back(fingerprint);
  return fingerprints;
}

Result<Exchanged> export_results(const Store& store, const std::vector<Digest>& fingerprints, ArchiveWriter archive) {
  MLPIPE_TRY(const Lock still, store.in_use());
  Contents contents(store);
  Exchanged exchanged;
  std::set<std::string> names;
  std::map<std::string, std::string> records;  // last: what is cut off has no result without its outputs
  for (const Digest& fingerprint : fingerprints) {
    const auto result = store.find(fingerprint);
    if (!result || !outputs_stand(store, *result)) {
      exchanged.notices.push_back(fmt::format("{}: not in the store", result ? result->step : fingerprint.short_hex()));
      continue;
    }
    records.emplace(name_of_result(fingerprint), sealed(encode(*result)));
    names.merge(std::set<std::string>(contents.named_by(fingerprint)));
    for (const StoredOutput& output : result->outputs) {
      for (const std::string& name : contents.named_by(output)) names.insert(name);
      exchanged.bytes += output.bytes;
    }
  }
  exchanged.results = records.size();
  MLPIPE_TRY_VOID(archive.add_text(label, label_text(records.size())));
  MLPIPE_TRY_VOID(write_names(store, archive, names));
  for (const auto& [name, text] : records) MLPIPE_TRY_VOID(archive.add_text(name, text));
  MLPIPE_TRY_VOID(archive.close());
  return exchanged;
}

Result<Imported> import_results(const Store& store, ArchiveReader archive) {
  MLPIPE_TRY(const Lock still, store.in_use());
  sweep_asides(store);
  MLPIPE_TRY_VOID(check_room(store));
  MLPIPE_TRY(const AsideFolder aside, AsideFolder::make(store));
  return Import(store, std::move(archive), aside.path()).run();
}

}  // namespace mlpipe
