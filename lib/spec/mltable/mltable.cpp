#include "spec/mltable/mltable.h"

#include <fmt/format.h>

#include <exception>

#include "base/text.h"
#include "spec/mltable/transformations.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec {
namespace {

const std::vector<std::string> kinds = {"file", "folder", "pattern"};

// "file:///data/x" is /data/x; nothing: not a path of this machine.
std::optional<std::string> local_path(std::string_view written) {
  if (written.starts_with("file://")) return std::string(written.substr(7));
  if (written.find("://") != std::string_view::npos || written.starts_with("azureml:")) return std::nullopt;
  return std::string(written);
}

// "./a/**/*.csv" is the folder "a" and the pattern "**/*.csv".
void split_pattern(const std::string& whole, MLTable::Place& place) {
  const auto wildcard = whole.find_first_of("*?[");
  const auto slash = wildcard == std::string::npos ? wildcard : whole.rfind('/', wildcard);
  if (wildcard == std::string::npos) return;
  place.pattern = whole.substr(slash == std::string::npos ? 0 : slash + 1);
  place.path = slash == std::string::npos ? Path() : Path(slash == 0 ? "/" : whole.substr(0, slash));
}

void read_place(Context& context, const Value& value, MLTable& table) {
  const MapReader map(context, value, "an entry of `paths`", kinds);
  if (!map.valid()) return;
  if (map.where().document && value.node->entries.size() != 1)
    return context.error(value.where, "an entry of `paths` has one key: file, folder or pattern", "write one entry for each path");
  const std::string key = value.node->entries.front().key;
  const auto written = map.text(key);
  if (!written) return;
  const auto path = local_path(written->text);
  if (!path)
    return context.error(written->where, fmt::format("`{}` is not a path of this machine", written->text), "download it, and name the local copy");
  MLTable::Place place{written->text, *path, {}};
  if (key == "pattern") split_pattern(*path, place);
  if (place.path.is_relative()) place.path = table.folder / place.path;
  place.path = absolute_path(place.path);
  table.places.push_back(std::move(place));
}

void read_places(Context& context, const MapReader& map, MLTable& table) {
  const auto* items = map.list("paths");
  if (!items) {
    if (!map.has("paths") && !map.has_unknown())
      context.error(map.where(), "the table has no `paths`", "write `paths:`, and below it `- file: NAME` or `- pattern: \"*.csv\"`");
    return;
  }
  for (const Value& item : *items) read_place(context, item, table);
  if (items->empty()) context.error(map.where_of("paths"), "`paths` names no file");
}

void read_root(Context& context, const Value& root, MLTablePart part, MLTable& table) {
  if (root.node->kind == Node::Kind::null) return context.error({root.where.document}, "the file is empty", "it needs `paths`");
  if (const Entry* query = root.node->find("query_source"))
    return context.error(query->key_where, "`query_source` asks a database, which is not possible here", "export the data, and name its files under `paths`");
  const MapReader map(context, root, "the table", {"type", "paths", "transformations", "metadata", "traits", "$schema"});
  if (!map.valid()) return;
  if (const auto type = map.scalar("type"); type && type->text != "mltable")
    context.error(type->where, fmt::format("`type` of the table must be mltable, got {}", describe(*type)));
  read_places(context, map, table);
  const Entry* transformations = map.has("transformations") ? root.node->find("transformations") : nullptr;
  if (part == MLTablePart::all && transformations && transformations->value.node->kind != Node::Kind::null) read_transformations(context, transformations->value, table);
}

}  // namespace

ReadMLTable read_mltable(const Path& folder, MLTablePart part) {
  const Overrides none;
  Context context(none);
  MLTable table;
  table.folder = absolute_path(folder);
  ReadMLTable read;
  try {
    if (const Document* document = context.open_file(table.folder / "MLTable")) read_root(context, document->root, part, table);
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

Result<MLTable> load_mltable(const Path& folder, MLTablePart part) {
  ReadMLTable read = read_mltable(folder, part);
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
