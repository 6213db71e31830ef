// How the table of an input or output is read.
#include <fmt/format.h>

#include "pipeline/partition_format.h"
#include "spec/reading/readers.h"

namespace mlpipe::spec {

void read_table_format(const MapReader& map, DataType type, TableFormat& table) {
  for (const std::string key : {"delimiter", "header"})
    if (map.has(key) && type != DataType::table)
      map.context().error(map.given(key) ? map.given(key)->key_where : map.where(), fmt::format("{} belongs to tables", map.named(key)),
                          "write `type: table`");
  if (const auto delimiter = map.scalar("delimiter")) {
    table.delimiter = delimiter->text == "\\t" ? "\t" : delimiter->text;
    if (table.delimiter->size() != 1 || table.delimiter->find_first_of("\"\r\n") != std::string::npos)
      map.wrong_type("delimiter", "one character, no quote and no line break", *delimiter);
  }
  table.header = map.boolean("header");
  const auto format = map.text("partition_format");
  if (!format) return;
  table.partition_format = format->text;
  const auto parsed = PartitionFormat::parse(format->text);
  if (!parsed)
    map.context().error(format->where, fmt::format("{}: {}", map.named("partition_format"), parsed.error().message), parsed.error().hint);
  else if (type == DataType::file)
    map.context().error(map.where_of("partition_format"), fmt::format("{} belongs to folders and tables", map.named("partition_format")),
                        "one file is one item");
}

}  // namespace mlpipe::spec
