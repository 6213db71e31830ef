#include "spec/mltable/mltable.h"

#include <fmt/format.h>

#include <exception>

#include "base/text.h"
#include "spec/mltable/transformations.h"
#include "spec/reading/map_reader.h"
#include "spec/reading/mapping.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::string> kinds = {"file", "folder", "pattern"};

// "file:///data/x" is /data/x; nothing: not a path of this machine.
std::optional<std::string> local_path(const std::string& written, const NamedPlaces& named) {
  if (written.starts_with("file://")) return written.substr(7);
  if (is_asset_name(written)) {
    const auto place = place_of(named, written);
    return place ? std::optional(place->string()) : std::nullopt;
  }
  return written.find("://") == std::string::npos ? std::optional(written) : std::nullopt;
}

std::string how_to_have(const std::string& written) {
  const auto asset = is_asset_name(written) ? parse_asset_name(written) : std::nullopt;
  if (!asset || asset->name.empty()) return "download it, and name the local copy";
  return fmt::format("write into {} what it stands for: `{}: {{\"{}\": PLACE}}`", mapping_name, asset->kind.empty() ? "data" : asset->kind, asset->name);
}

// "./a/**/*.csv" is the folder "a" and the pattern "**/*.csv".
void split_pattern(const std::string& whole, MLTable::Place& place) {
  const auto wildcard = whole.find_first_of("*?[");
  const auto slash = wildcard == std::string::npos ? wildcard : whole.rfind('/', wildcard);
  if (wildcard == std::string::npos) return;
  place.pattern = whole.substr(slash == std::string::npos ? 0 : slash + 1);
  place.path = slash == std::string::npos ? Path() : Path(slash == 0 ? "/" : whole.substr(0, slash));
}

void read_place(Context& context, const Value& value, const NamedPlaces& named, MLTable& table) {
  const MapReader map(context, value, "an entry of `paths`", kinds);
  if (!map.valid()) return;
  if (map.where().document && value.node->entries.size() != 1)
    return context.error(value.where, "an entry of `paths` has one key: file, folder or pattern", "write one entry for each path");
  const std::string key = value.node->entries.front().key;
  const auto written = map.text(key);
  if (!written) return;
  const auto path = local_path(written->text, named);
  if (!path) return context.error(written->where, fmt::format("`{}` is not a path of this machine", written->text), how_to_have(written->text));
  MLTable::Place place{written->text, *path, {}, location(written->where)};
  if (key == "pattern") split_pattern(*path, place);
  if (place.path.is_relative()) place.path = table.folder / place.path;
  place.path = absolute_path(place.path);
  table.places.push_back(std::move(place));
}

void read_places(Context& context, const MapReader& map, const NamedPlaces& named, MLTable& table) {
  const auto* items = map.list("paths");
  if (!items) {
    if (!map.has("paths") && !map.has_unknown())
      context.error(map.where(), "the table has no `paths`", "write `paths:`, and below it `- file: NAME` or `- pattern: \"*.csv\"`");
    return;
  }
  for (const Value& item : *items) read_place(context, item, named, table);
  if (items->empty()) context.error(map.where_of("paths"), "`paths` names no file");
}

void read_root(Context& context, const Value& root, MLTablePart part, const NamedPlaces& named, MLTable& table) {
  if (root.node->kind == Node::Kind::null) return context.error({root.where.document}, "the file is empty", "it needs `paths`");
  if (const Entry* query = root.node->find("query_source"))
    return context.error(query->key_where, "`query_source` asks a database, which is not possible here", "export the data, and name its files under `paths`");
  const MapReader map(context, root, "the table", {"type", "paths", "transformations", "metadata", "traits", "$schema"});
  if (!map.valid()) return;
  if (const auto type = map.scalar("type"); type && type->text != "mltable")
    context.error(type->where, fmt::format("`type` of the table must be mltable, got {}", describe(*type)));
  read_places(context, map, named, table);
  const Entry* transformations = map.has("transformations") ? root.node->find("transformations") : nullptr;
  if (part == MLTablePart::all && transformations && transformations->value.node->kind != Node::Kind::null) read_transformations(context, transformations->value, table);
}

}  // namespace

ReadMLTable read_mltable(const Path& folder, MLTablePart part, const NamedPlaces& named) {
  const Overrides none;
  Context context(none);
  MLTable table;
  table.folder = absolute_path(folder);
  ReadMLTable read;
  try {
    if (const Document* document = context.open_file(table.folder / "MLTable")) read_root(context, document->root, part, named, table);
  } catch (const std::exception& problem) {
    context.error_at({shown_path(table.folder / "MLTable")}, fmt::format("cannot be read: {}", problem.what()));
  }
  if (!context.documents.empty()) {
    read.file = context.documents.front()->file;
    read.text = context.documents.front()->text;
  }
  read.diagnostics = std::move(context.diagnostics);
  read.diagnostics.sort();
  if (!read.diagnostics.has_errors()) read.table = std::move(table);
  return read;
}

Result<MLTable> load_mltable(const Path& folder, MLTablePart part, const NamedPlaces& named) {
  ReadMLTable read = read_mltable(folder, part, named);
  if (read.table) return std::move(*read.table);
  Error error;
  for (const Diagnostic& mistake : read.diagnostics.all()) {
    if (mistake.severity != Severity::error) continue;
    const Location& where = mistake.where;
    const std::string place = where.line > 0 ? fmt::format("{}:{}:{}", where.file, where.line, where.column) : where.file;
    error.message += fmt::format("{}{}: {}", error.message.empty() ? "" : "; ", place, mistake.message);
    if (error.hint.empty()) error.hint = mistake.hint;
  }
  return error;
}

}  // namespace mlpipe::spec
