#include "spec/mltable/transformations.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "pipeline/partition_format.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec {
namespace {

using Json = nlohmann::json;

constexpr Range rows{0, 9e15};

const std::vector<std::pair<std::string, MLTable::Header>> headers = {{"no_header", MLTable::Header::none},
                                                                      {"from_first_file", MLTable::Header::first_file},
                                                                      {"all_files_same_headers", MLTable::Header::every_file},
                                                                      {"all_files_different_headers", MLTable::Header::each_file}};
const std::vector<std::pair<std::string, std::string>> encodings = {
    {"utf8", "utf-8"},      {"utf-8", "utf-8"},        {"utf8 bom", "utf-8"},   {"utf-8 bom", "utf-8"},  {"utf8bom", "utf-8"},
    {"ascii", "ascii"},     {"latin1", "latin-1"},     {"latin-1", "latin-1"},  {"iso88591", "latin-1"}, {"iso-8859-1", "latin-1"},
    {"utf16", "utf-16"},    {"utf-16", "utf-16"},      {"windows1252", "cp1252"}, {"windows-1252", "cp1252"}};

// What a value is by YAML's core schema, as JSON.
Json json_of(const Value& value) {
  const Node& node = *value.node;
  switch (node.kind) {
    case Node::Kind::null: return nullptr;
    case Node::Kind::sequence: {
      Json list = Json::array();
      for (const Value& item : node.items) list.push_back(json_of(item));
      return list;
    }
    case Node::Kind::map: {
      Json map = Json::object();
      for (const Entry& entry : node.entries) map[entry.key] = json_of(entry.value);
      return map;
    }
    case Node::Kind::scalar: break;
  }
  if (node.is_text) return node.text;
  if (const auto truth = as_boolean(node.text)) return *truth;
  if (const auto integer = as_integer(node.text)) return *integer;
  if (const auto number = as_number(node.text)) return *number;
  return node.text;
}

// One entry of the list, and what has been read before it.
class Transformation {
 public:
  Transformation(Context& context, MLTable& table, const std::string& name, const Place& where, const Value* options)
      : context_(context), table_(table), name_(name), where_(where), options_(options) {}

  // What the worker has to do about it; null: nothing.
  Json read() {
    if (name_ == "read_delimited") return reader(MLTable::Reader::delimited, delimited_keys, &Transformation::delimited);
    if (name_ == "read_json_lines") return reader(MLTable::Reader::json_lines, json_keys, &Transformation::json_lines);
    if (name_ == "read_parquet") return reader(MLTable::Reader::parquet, path_keys, nullptr);
    if (name_ == "extract_columns_from_partition_format") return partition_format();
    if (name_ == "take" || name_ == "skip") return window();
    if (name_ == "drop_columns" || name_ == "keep_columns") return columns_of_rows();
    if (name_ == "convert_column_types") return conversions();
    refuse();
    return nullptr;
  }

 private:
  inline static const std::vector<std::string> path_keys = {"include_path_column", "path_column"};
  inline static const std::vector<std::string> json_keys = {"include_path_column", "path_column", "invalid_lines", "encoding", "partition_size"};
  inline static const std::vector<std::string> delimited_keys = {"delimiter", "header", "support_multi_line", "empty_as_string", "encoding",
                                                                 "include_path_column", "path_column", "infer_column_types", "partition_size"};

  std::string title() const { return fmt::format("`{}`", name_); }
  Json kept() const { return Json{{name_, options_ ? json_of(*options_) : Json::object()}}; }

  void refuse() {
    static const std::vector<std::string> known = {"read_delimited", "read_json_lines", "read_parquet", "extract_columns_from_partition_format",
                                                   "drop_columns", "keep_columns", "convert_column_types", "take", "skip"};
    static const std::vector<std::pair<std::string, std::string>> others = {
        {"filter", "filter the rows in the entry script, or in a step before it"},
        {"sample", "choose the rows in a step before it"},
        {"take_random_sample", "choose the rows in a step before it; `mlpipe run --sample N` takes the first N"},
        {"select_partitions", "name the files that are wanted under `paths`"},
        {"read_delta_lake", "write the table as Parquet files in a step before it"}};
    for (const auto& [other, instead] : others)
      if (name_ == other) return context_.error(where_, fmt::format("the transformation `{}` cannot be done here", name_), instead);
    context_.error(where_, fmt::format("unknown transformation `{}`", name_), context_.hint(name_, known));
  }

  Json reader(MLTable::Reader reader, const std::vector<std::string>& keys, void (Transformation::*more)(const MapReader&)) {
    if (table_.is_table()) context_.error(where_, "a table is read once: there is a read_... before this one");
    table_.reader = reader;
    table_.encoding = "utf-8";
    if (!options_) return kept();
    const MapReader map(context_, *options_, title(), keys);
    if (!map.valid()) return nullptr;
    (void)map.boolean("include_path_column");
    (void)map.text("path_column");
    if (map.has("partition_size")) (void)map.integer("partition_size", {1, 9e15});
    if (more) (this->*more)(map);
    Json kept = this->kept();
    kept[name_]["encoding"] = table_.encoding;
    return kept;
  }

  void encoding(const MapReader& map) {
    const auto chosen = map.choice<std::string>("encoding", encodings);
    if (chosen && *chosen == "utf-16")
      context_.error(map.where_of("encoding"), "UTF-16 files cannot be split into rows here", "convert them: iconv -f UTF-16 -t UTF-8");
    if (chosen) table_.encoding = *chosen;
  }

  void json_lines(const MapReader& map) {
    encoding(map);
    const auto invalid = map.choice<bool>("invalid_lines", {{"error", false}, {"drop", true}});
    if (invalid && *invalid)
      context_.error(map.where_of("invalid_lines"), "lines that are no JSON cannot be dropped here", "remove them in a step before it");
  }

  void delimited(const MapReader& map) {
    encoding(map);
    if (const auto delimiter = map.scalar("delimiter")) {
      const std::string text = delimiter->text == "\\t" ? "\t" : delimiter->text;
      if (text.size() == 1 && text != "\n" && text != "\"") table_.delimiter = text.front();
      else map.wrong_type("delimiter", "one character", *delimiter);
    }
    if (const auto header = map.choice<MLTable::Header>("header", headers)) table_.header = *header;
    if (const auto multi_line = map.boolean("support_multi_line")) table_.multi_line = *multi_line;
    (void)map.boolean("empty_as_string");
    if (const Value* infer = map.map("infer_column_types"); infer && infer->node->kind != Node::Kind::map) (void)map.boolean("infer_column_types");
    else if (infer) inference(*infer);
  }

  void inference(const Value& value) {
    const MapReader map(context_, value, title(), {"sample_size", "column_type_overrides"}, MapReader::Values::plain, "infer_column_types");
    if (!map.valid()) return;
    (void)map.integer("sample_size", {1, 9e15});
    if (const auto* overrides = map.list("column_type_overrides"))
      for (const Value& item : *overrides) conversion(item);
  }

  Json partition_format() {
    const MapReader map(context_, *or_nothing(), title(), {"partition_format"});
    const auto format = map.text("partition_format");
    if (map.valid() && !map.has("partition_format") && !map.has_unknown()) context_.error(where_, title() + " needs a `partition_format`");
    if (!format) return nullptr;
    if (!table_.partition_format.empty()) context_.error(where_, "a table has one partition format: there is one before this");
    if (const auto parsed = PartitionFormat::parse(format->text); !parsed)
      context_.error(format->where, fmt::format("`{}` cannot be a partition format: {}", format->text, parsed.error().message), parsed.error().hint);
    table_.partition_format = format->text;
    return kept();
  }

  Json window() {
    const auto count = options_ && options_->node->kind == Node::Kind::scalar ? as_integer(options_->node->text) : std::nullopt;
    if (!count || *count < 0) {
      context_.error(options_ ? options_->where : where_, fmt::format("{} is a number of rows, got {}", title(), options_ ? describe(*options_) : "nothing"));
      return nullptr;
    }
    const auto number = static_cast<std::uint64_t>(*count);
    if (name_ == "take") {
      table_.take = std::min(number, table_.take.value_or(number));
    } else {
      table_.skip += number;
      if (table_.take) *table_.take -= std::min(number, *table_.take);
    }
    return nullptr;
  }

  // A name, a list of names, or {pattern: REGEX}.
  void check_columns(const Value& value) {
    if (value.node->kind == Node::Kind::map) {
      const MapReader map(context_, value, title(), {"pattern", "ignore_case", "invert"});
      (void)map.text("pattern");
      (void)map.boolean("ignore_case");
      (void)map.boolean("invert");
      return;
    }
    bool names = value.node->kind == Node::Kind::scalar || value.node->kind == Node::Kind::sequence;
    for (const Value& item : value.node->items) names = names && item.node->kind == Node::Kind::scalar;
    if (!names) context_.error(value.where, fmt::format("{} takes names of columns, got {}", title(), describe(value)), "write a name, or [a, b]");
  }

  Json columns_of_rows() {
    if (!needs_rows() || !has_options()) return nullptr;
    check_columns(*options_);
    return names_as_text(kept());
  }

  Json conversions() {
    if (!needs_rows() || !has_options()) return nullptr;
    if (options_->node->kind != Node::Kind::sequence) {
      context_.error(options_->where, fmt::format("{} takes a list, got {}", title(), describe(*options_)), "write `- columns: NAME` and `column_type: int` below it");
      return nullptr;
    }
    for (const Value& item : options_->node->items) conversion(item);
    return kept();
  }

  void conversion(const Value& value) {
    const MapReader map(context_, value, title(), {"columns", "column_type"});
    if (!map.valid()) return;
    if (const Value* columns = map.map("columns")) check_columns(*columns);
    else if (!map.has("columns")) context_.error(map.where(), fmt::format("an entry of {} has no `columns`", title()));
    const Value* type = map.map("column_type");
    if (!type) {
      if (!map.has("column_type")) context_.error(map.where(), fmt::format("an entry of {} has no `column_type`", title()));
    } else if (type->node->kind == Node::Kind::map) {
      detailed_type(*type);
    } else if (const auto name = map.choice<bool>("column_type", {{"int", true}, {"float", true}, {"string", true}, {"boolean", true}, {"stream_info", false}})) {
      if (!*name) refuse_streams(type->where);
    }
  }

  void detailed_type(const Value& type) {
    const MapReader map(context_, type, title(), {"datetime", "boolean", "stream_info"}, MapReader::Values::plain, "column_type");
    if (map.has("stream_info")) refuse_streams(type.where);
    if (const Value* datetime = map.map("datetime")) {
      const MapReader options(context_, *datetime, title(), {"formats", "date_constant"}, MapReader::Values::plain, "datetime");
      if (options.valid() && !options.has("formats") && !options.has_unknown()) context_.error(datetime->where, "`datetime` needs `formats`", "such as \"%Y-%m-%d\"");
    }
    if (const Value* boolean = map.map("boolean"))
      (void)MapReader(context_, *boolean, title(), {"true_values", "false_values", "mismatch_as"}, MapReader::Values::plain, "boolean");
  }

  void refuse_streams(const Place& where) {
    context_.error(where, "columns of type `stream_info` are files of Azure's storage, which cannot be opened here", "leave the column as text: it holds the path");
  }

  // Numbers among them are names all the same.
  static Json names_as_text(Json kept) {
    Json& names = kept.begin().value();
    if (names.is_number() || names.is_boolean()) names = names.dump();
    if (names.is_array())
      for (Json& name : names)
        if (!name.is_string()) name = name.dump();
    return kept;
  }

  bool needs_rows() {
    if (!table_.is_table()) context_.error(where_, title() + " works on rows, but nothing has read some", "put a read_delimited, read_json_lines or read_parquet before it");
    return table_.is_table();
  }

  bool has_options() {
    const bool has = options_ && options_->node->kind != Node::Kind::null;
    if (!has) context_.error(where_, title() + " needs a value");
    return has;
  }

  const Value* or_nothing() {
    if (options_) return options_;
    nothing_.where = where_;
    return &nothing_;
  }

  Context& context_;
  MLTable& table_;
  const std::string& name_;
  const Place& where_;
  const Value* options_;  // null: a name alone
  Node empty_{Node::Kind::map, false, {}, {}, {}};
  Value nothing_{&empty_, {}};
};

}  // namespace

void read_transformations(Context& context, const Value& list, MLTable& table) {
  if (list.node->kind != Node::Kind::sequence)
    return context.error(list.where, fmt::format("`transformations` must be a list, got {}", describe(list)), "write `- read_delimited:` below it");
  Json kept = Json::array();
  const auto take = [&](Transformation transformation) {
    if (Json one = transformation.read(); !one.is_null()) kept.push_back(std::move(one));
  };
  for (const Value& item : list.node->items) {
    const Node& node = *item.node;
    if (node.kind == Node::Kind::scalar) {
      take({context, table, node.text, item.where, nullptr});
    } else if (node.kind == Node::Kind::map && node.entries.size() == 1) {
      const Entry& entry = node.entries.front();
      const bool empty = entry.value.node->kind == Node::Kind::null;
      take({context, table, entry.key, entry.key_where, empty ? nullptr : &entry.value});
    } else {
      context.error(item.where, fmt::format("a transformation is a name with its options, got {}", describe(item)), "write `- take: 5`, one a line");
    }
  }
  table.transformations = kept.dump();
}

}  // namespace mlpipe::spec
