#include <doctest/doctest.h>

#include <cmath>

#include "scoring/rows/row_writer.h"

using namespace mlpipe;

namespace {

std::string row(const Scoring& scoring, RowFacts facts) {
  const auto writer = RowWriter::make(scoring);
  REQUIRE(writer);
  std::string text;
  writer->append(facts, text);
  return text;
}

Scoring with(RowFormat format, std::vector<RowColumn> columns) {
  Scoring scoring;
  scoring.format = format;
  scoring.columns = std::move(columns);
  return scoring;
}

const float values[] = {0.25f, 0.5f, -1.0f};

}  // namespace

TEST_CASE("a row template is a line") {
  Scoring scoring;
  scoring.output.value = "{name}\t{argmax}";
  CHECK(row(scoring, {"/a/b.png", 0, values, 3}) == "b.png\t1\n");
  CHECK(RowWriter::make(scoring)->header().empty());
}

TEST_CASE("CSV has a header, and quotes what must be quoted") {
  const Scoring scoring = with(RowFormat::csv, {{"file, name", "{name}"}, {"label", "{argmax}"}, {"says \"so\"", "{values}"}});
  CHECK(RowWriter::make(scoring)->header() == "\"file, name\",label,\"says \"\"so\"\"\"\n");
  CHECK(row(scoring, {"/x/a,b.png", 0, values, 3}) == "\"a,b.png\",1,0.25 0.5 -1.0\n");
  CHECK(row(scoring, {"/x/a\"b\nc", 0, values, 3}) == "\"a\"\"b\nc\",1,0.25 0.5 -1.0\n");
}

TEST_CASE("JSON lines: numbers are numbers, lists are lists, all else is text") {
  const std::vector<std::string> labels{"cat", "d\"og", "3"};
  const Scoring scoring = with(RowFormat::json_lines, {{"n", "{name}"}, {"a", "{argmax}"}, {"l", "{label}"}, {"v", "{values}"}, {"m", "{max:.2f}"}, {"t", "{argmax} {max}"}});
  CHECK(row(scoring, {"/x/\xff", 0, values, 3, nullptr, &labels}) ==
        "{\"n\": \"\xef\xbf\xbd\", \"a\": 1, \"l\": \"d\\\"og\", \"v\": [0.25, 0.5, -1.0], \"m\": 0.50, \"t\": \"1 0.5\"}\n");
  const float odd[] = {NAN, INFINITY};
  CHECK(row(with(RowFormat::json_lines, {{"v", "{values}"}, {"m", "{value[1]}"}, {"none", "{value[7]}"}}), {"", 0, odd, 2}) ==
        "{\"v\": [null, null], \"m\": null, \"none\": null}\n");
}

TEST_CASE("JSON lines: a label is text whatever it looks like, a number is JSON's whatever its format is") {
  const std::vector<std::string> labels{"007", "golden retriever", "+"};
  const Scoring top = with(RowFormat::json_lines, {{"t", "{top[3]}"}, {"p", "{top_softmax[1]:.1f}"}});
  CHECK(row(top, {"", 0, values, 3, nullptr, &labels}) == "{\"t\": [\"golden retriever\", \"007\", \"+\"], \"p\": [0.5]}\n");
  CHECK(row(top, {"", 0, values, 3}) == "{\"t\": [1, 0, 2], \"p\": [0.5]}\n");
  const Scoring padded = with(RowFormat::json_lines, {{"a", "{argmax:03d}"}, {"m", "{max:08.2f}"}, {"n", "{value[2]:08.2f}"}, {"z", "{row:03d}"}, {"l", "{max:<8.1f}"}, {"s", "{max:+.1f}"}});
  CHECK(row(padded, {"", 0, values, 3}) == "{\"a\": 1, \"m\": 0.50, \"n\": -1.00, \"z\": 0, \"l\": 0.5, \"s\": 0.5}\n");
}

TEST_CASE("columns of the table are those that all templates name, each once") {
  const Scoring scoring = with(RowFormat::csv, {{"a", "{column[id]}"}, {"b", "{column[x:y]} {column[id]}"}});
  const auto writer = RowWriter::make(scoring);
  REQUIRE(writer);
  CHECK(writer->columns() == std::vector<std::string>{"id", "x:y"});
  const std::string_view texts[] = {"7", "seven"};
  CHECK(row(scoring, {"", 0, values, 3, texts}) == "7,seven 7\n");
}

TEST_CASE("what a writer needs of the model and the spec") {
  CHECK(RowWriter::make(with(RowFormat::csv, {{"a", "{value[3]}"}, {"b", "{top[2]}"}}))->values_needed() == 4);
  CHECK(RowWriter::make(with(RowFormat::csv, {{"a", "{label}"}}))->needs_labels());
  CHECK_FALSE(RowWriter::make(with(RowFormat::csv, {{"a", "{nonsense}"}})));
}
