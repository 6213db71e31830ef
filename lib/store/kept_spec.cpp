#include "store/kept_spec.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "system/below.h"

namespace mlpipe {
namespace {

using Json = nlohmann::json;

Path folder_of(const Store& store, const std::string& run_id) { return store.run_path(run_id) / "spec"; }

std::string file_name(std::size_t number, const Path& path) { return fmt::format("{}-{}", number, path.filename().string()); }

Error damaged(const std::string& run_id) {
  return {ErrorKind::store, fmt::format("the kept spec of run {} is damaged", run_id), "take another run: mlpipe runs"};
}

// Puts paths below the old folder of the spec below the new one.
class Move {
 public:
  Move(Path from, Path to) : from_(std::move(from)), to_(std::move(to)) {}

  Path operator()(const Path& path) const {
    const auto inside = from_ == to_ ? std::nullopt : below(path, from_);
    if (!inside) return path;
    return *inside == "." ? to_ : to_ / *inside;
  }

  // "--input scans=/old/place/scans"
  std::string operator()(const std::string& override) const {
    const auto equals = override.find('=');
    const bool names_path = override.starts_with("--input ") || override.starts_with("--use ");
    if (!names_path || equals == std::string::npos) return override;
    return override.substr(0, equals + 1) + (*this)(Path(override.substr(equals + 1))).string();
  }

 private:
  Path from_, to_;
};

Result<KeptSpec> decode(const Store& store, const std::string& run_id, const Json& json) {
  const Path then = json.at("spec").get<std::string>();
  KeptSpec kept;
  kept.spec = store.place_now(then, json.at("beside_store").get<std::string>());
  const Move moved(then.parent_path(), kept.spec.parent_path());
  for (const Json& file : json.at("files")) {
    const Path path = file.get<std::string>();
    MLPIPE_TRY(std::string text, read_file(folder_of(store, run_id) / file_name(kept.files.size(), path)));
    kept.files.emplace_back(moved(path), std::move(text));
  }
  for (const Json& override : json.at("overrides")) kept.overrides.push_back(moved(override.get<std::string>()));
  for (const auto& [step, place] : json.at("sources").items()) kept.sources.emplace(step, moved(Path(place.get<std::string>())));
  for (const Json& path : json.at("beside")) kept.beside.push_back(moved(Path(path.get<std::string>())));
  for (const Json& path : json.value("absolute", Json::array())) kept.absolute.insert(Path(path.get<std::string>()));
  return kept.files.empty() ? Result<KeptSpec>(damaged(run_id)) : kept;
}

}  // namespace

Status keep_spec(const Store& store, const std::string& run_id, const KeptSpec& kept) {
  const Path folder = folder_of(store, run_id);
  Json json = {{"schema", 1},
               {"spec", kept.spec.string()},
               {"beside_store", store.beside(kept.spec)},
               {"files", Json::array()},
               {"overrides", kept.overrides},
               {"sources", Json::object()},
               {"beside", Json::array()},
               {"absolute", Json::array()}};
  MLPIPE_TRY_VOID(make_dirs(folder));
  for (std::size_t i = 0; i < kept.files.size(); ++i) {
    const auto& [path, text] = kept.files[i];
    json["files"].push_back(path.string());
    MLPIPE_TRY_VOID(write_file(folder / file_name(i, path), text));
  }
  for (const auto& [step, place] : kept.sources) json["sources"][step] = place.string();
  for (const Path& path : kept.beside) json["beside"].push_back(path.string());
  for (const Path& path : kept.absolute) json["absolute"].push_back(path.string());
  return write_file(folder / "kept.json", json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<KeptSpec> kept_spec(const Store& store, const std::string& run_id) {
  const Path file = folder_of(store, run_id) / "kept.json";
  if (!path_exists(file))
    return Error{ErrorKind::store, fmt::format("run {} kept no spec", run_id), "runs of an older mlpipe kept neither spec nor code"};
  MLPIPE_TRY(const std::string text, read_file(file));
  try {
    return decode(store, run_id, Json::parse(text));
  } catch (const Json::exception&) {
    return damaged(run_id);
  }
}

}  // namespace mlpipe
