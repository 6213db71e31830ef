#include <doctest/doctest.h>

#include <algorithm>

#include "spec/mltable/mltable.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

MLTable good(const std::string& text) {
  const test::TempFolder folder;
  folder.write("MLTable", text);
  auto read = spec::load_mltable(folder.path());
  INFO((read ? "" : read.error().message));
  REQUIRE(read);
  return read.take();
}

// "3:5 message\n", all of them.
std::string mistakes(const std::string& text) {
  const test::TempFolder folder;
  folder.write("MLTable", text);
  std::string found;
  const auto read = spec::read_mltable(folder.path());
  for (const Diagnostic& d : read.diagnostics.all())
    found += std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + " " + d.message + "\n";
  return found;
}

}  // namespace

TEST_CASE("an MLTable file is read: its paths, how they are read, what becomes of the rows") {
  const MLTable table = good(R"(
$schema: https://x
type: mltable
paths:
  - file: ./a.csv
  - folder: more
  - pattern: ./data/**/*.csv
  - pattern: "*.csv"
  - file: ../beside/b.csv
  - file: file:///data/c.csv
transformations:
  - read_delimited: {delimiter: ";", encoding: latin1, header: from_first_file, support_multi_line: true, include_path_column: true}
  - extract_columns_from_partition_format: {partition_format: "{shop}/{name}.csv"}
  - drop_columns: [name, 7]
  - take: 9
  - skip: 2
traits: {timestamp_column: day}
)");
  REQUIRE(table.places.size() == 6);
  CHECK(table.places[0].path == table.folder / "a.csv");
  CHECK(table.places[2].path == table.folder / "data");
  CHECK(table.places[2].pattern == "**/*.csv");
  CHECK(table.places[3].path == table.folder);
  CHECK(table.places[4].path == table.folder.parent_path() / "beside/b.csv");
  CHECK(table.places[5].path == "/data/c.csv");
  CHECK(table.reader == MLTable::Reader::delimited);
  CHECK(table.header == MLTable::Header::first_file);
  CHECK(table.delimiter == ';');
  CHECK(table.encoding == "latin-1");
  CHECK(table.multi_line);
  CHECK(table.partition_format == "{shop}/{name}.csv");
  CHECK(table.skip == 2);
  CHECK(table.take == 7);
  CHECK(table.transformations.find(R"({"drop_columns":["name","7"]})") != std::string::npos);
  CHECK(table.transformations.find("take") == std::string::npos);
}

TEST_CASE("azureml: names among the paths are what a mapping has for them") {
  NamedPlaces named;
  named.datastores["store"] = "/d";
  named.data["rows"] = "/rows.csv";
  const test::TempFolder folder;
  folder.write("MLTable", "paths:\n  - file: azureml:rows:2\n  - pattern: azureml://datastores/store/paths/a/*.csv\n  - file: azureml://datastores/store/paths/../x\n  - folder: azureml:other@latest\n");
  const auto read = spec::read_mltable(folder.path(), spec::MLTablePart::all, named);
  REQUIRE(read.diagnostics.all().size() == 2);
  CHECK(read.diagnostics.all()[0].where.line == 4);
  CHECK(read.diagnostics.all()[1].message == "`azureml:other@latest` is not a path of this machine");
  CHECK(read.diagnostics.all()[1].hint == "write into mlpipe.local.yaml what it stands for: `data: {\"other\": PLACE}`");
  folder.write("MLTable", "paths:\n  - file: azureml:rows:2\n  - pattern: azureml://datastores/store/paths/a/*.csv\n");
  const auto good = spec::load_mltable(folder.path(), spec::MLTablePart::all, named);
  REQUIRE(good);
  CHECK(good->places[0].path == "/rows.csv");
  CHECK(good->places[0].where.line == 2);
  CHECK(good->places[1].path == "/d/a");
  CHECK(good->places[1].pattern == "*.csv");
}

TEST_CASE("a transformation may be a name alone, and without one that reads a table is of files") {
  CHECK(good("paths: [{file: a.parquet}]\ntransformations: [read_parquet]").reader == MLTable::Reader::parquet);
  const MLTable files = good("paths: [{folder: images}]\ntransformations: [{take: 3}]");
  CHECK_FALSE(files.is_table());
  CHECK(files.take == 3);
}

TEST_CASE("all mistakes of an MLTable file are told at once, each where it stands") {
  CHECK(mistakes(R"(paths:
  - {file: a.csv, folder: b}
  - filee: a.csv
  - file: azureml://datastores/x/a.csv
transformations:
  - read_delimited: {encoding: utf16, header: sometimes}
  - filter: 'col("x") > 1'
  - read_parquet
  - extract_columns_from_partition_format: {partition_format: "{a}{b}"}
  - drop_colums: a
  - take: few
  - convert_column_types: [{columns: a, column_type: stream_info}, {columns: b}]
)") ==
        "2:5 an entry of `paths` has one key: file, folder or pattern\n"
        "3:5 unknown key `filee` in an entry of `paths`\n"
        "4:11 `azureml://datastores/x/a.csv` is not a path of this machine\n"
        "6:22 UTF-16 files cannot be split into rows here\n"
        "6:47 `header` of `read_delimited` must be one of no_header, from_first_file, all_files_same_headers, all_files_different_headers, got text `sometimes`\n"
        "7:5 the transformation `filter` cannot be done here\n"
        "8:5 a table is read once: there is a read_... before this one\n"
        "9:63 `{a}{b}` cannot be a partition format: nothing separates `{b}` from the column before it\n"
        "10:5 unknown transformation `drop_colums`\n"
        "11:11 `take` is a number of rows, got text `few`\n"
        "12:54 columns of type `stream_info` are files of Azure's storage, which cannot be opened here\n"
        "12:68 an entry of `convert_column_types` has no `column_type`\n");
}

TEST_CASE("an MLTable file that is none is a mistake, never a crash") {
  for (const char* text : {"", "[1, 2]", "paths:", "paths: [3]", "paths: [{}]", "paths: [{file: a}]\ntransformations: {take: 3}", "type: x\n{"}) {
    INFO(text);
    CHECK_FALSE(mistakes(text).empty());
  }
  CHECK(mistakes("paths: []") == "1:1 `paths` names no file\n");
  CHECK(mistakes("paths: [{file: a}]\ntransformations: [drop_columns: a]") == "2:19 `drop_columns` works on rows, but nothing has read some\n");
  CHECK(mistakes("query_source: {}") == "1:1 `query_source` asks a database, which is not possible here\n");
  const test::TempFolder empty;
  const auto missing = spec::load_mltable(empty.path());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.ends_with("MLTable: no such file"));
}
