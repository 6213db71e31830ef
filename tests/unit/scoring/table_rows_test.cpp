#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include "scoring/table/cell.h"
#include "scoring/table/plain_decimals.h"
#include "scoring/table/structure.h"
#include "support/venv_python.h"
#include "table_files.h"

using namespace mlpipe;
using namespace mlpipe::test;
using Failed = std::vector<std::pair<std::size_t, std::string>>;

TEST_CASE("columns by name, in the order of the inputs, from text with quotes, CRLF, a mark and blank lines") {
  const auto table = read_text("\xef\xbb\xbf" "a,\"b,c\",d\r\n1,2,x\r\n\r\n  \t\r\n\"3\",\" 4 \",\"y \"\"z\"\"\r\n\"\r\n-5.5,6e1,\n7,8", [] {
    TableColumns columns = floats_of({"b,c", "a", "a"});
    columns.texts = {"d"};
    return columns;
  }());
  CHECK(table.error == "");
  CHECK(table.floats == std::vector<float>{2, 1, 1, 4, 3, 3, 60, -5.5, -5.5, 8, 7, 7});
  CHECK(table.texts == std::vector<std::string>{"x", "y \"z\"\r\n", "", ""});
  CHECK(table.failed.empty());
}

TEST_CASE("any delimiter, and rows that end with a lone carriage return") {
  for (const char* delimiter : {"\t", ";", "|", " ", "\x01"}) {
    std::string text = "a,b\n1,2\r3,4\n";
    std::replace(text.begin(), text.end(), ',', *delimiter);
    const auto table = read_text(text, floats_of({"a", "b"}), mlpipe_delimited, delimiter);
    CHECK(table.floats == std::vector<float>{1, 2, 3, 4});
  }
  CHECK(read_text("a||b\n1||2\n", floats_of({"a"}), mlpipe_delimited, "||").error == "tables with the delimiter `||` cannot be scored; a delimiter is one byte");
}

TEST_CASE("a file without a header has Column1, Column2, ..., as many as its first row") {
  const TempFolder folder;
  const std::string path = folder.write("t.csv", "\n1,2\n3\n5,6,7\n");
  const mlpipe_range range{3, 13};  // not the first rows of the file
  CHECK(read_table({piece_of(path, {0, 13}, 0)}, floats_of({"Column2"})).rows == 3);
  const auto part = piece_of(path, range, 0);
  const auto table = read_table({part}, floats_of({"Column2", "Column1"}));
  CHECK(table.failed.size() == 3);
  CHECK(read_table({part}, floats_of({"Column3"})).error.find("has no column `Column3`") != std::string::npos);
}

TEST_CASE("the header of another file, and columns that the path gives") {
  const TempFolder folder;
  const std::string first = folder.write("1.csv", "a,year\n1,1\n"), second = folder.write("2.csv", "5,9\n6,9\n");
  const mlpipe_range range{0, 8};
  auto piece = piece_of(second, range, 7);
  piece.header_path = first.c_str();
  const mlpipe_path_column of_path[] = {{"year", "2019"}, {"region", "north"}};
  piece.columns = of_path;
  piece.column_count = 2;
  TableColumns columns = floats_of({"year", "a"});
  columns.texts = {"region", "a"};
  const auto table = read_table({piece, piece}, columns, 3);
  CHECK(table.floats == std::vector<float>{2019, 5, 2019, 6, 2019, 5, 2019, 6});
  CHECK(table.texts == std::vector<std::string>{"north", "5", "north", "6", "north", "5", "north", "6"});
}

TEST_CASE("names as pandas makes them unique, and the nearest one of a missing column") {
  CHECK(read_text("a,a,,b\n1,2,3,4\n", floats_of({"a.1", "Unnamed: 2"})).floats == std::vector<float>{2, 3});
  CHECK(read_text("age,weight\n1,2\n", floats_of({"wieght"})).error.find("has no column `wieght`; did you mean `weight`?") != std::string::npos);
}

TEST_CASE("what is no number fails its row alone") {
  const auto table = read_text("a,b\n1,2\n1,hello\n,3\n1,2,3\n4\n5,6\n", floats_of({"a", "b"}));
  CHECK(table.rows == 6);
  CHECK(table.failed == Failed{{1, "column `b`: `hello` is no number"},
                               {2, "column `a`: the value is missing"},
                               {3, "the row has 3 values, and there are 2 columns"},
                               {4, "column `b`: the value is missing"}});
  CHECK(table.floats[10] == 5);
}

TEST_CASE("missing values get what the step says") {
  TableColumns columns = floats_of({"a"});
  columns.inputs.push_back({"", ValueType::int64, {"b"}});
  columns.missing = -1;
  const auto table = read_text("a,b\n,NA\nnan,<NA>\nnull,\n 1,2\n-nan,\"\"\n", columns);
  CHECK(table.floats == std::vector<float>{-1, -1, -1, 1, -1});
  CHECK(table.integers == std::vector<std::int64_t>{-1, -1, -1, 2, -1});
  columns.missing = std::nan("");
  CHECK(read_text("a,b\n1,1\n", columns).error == "scoring.missing is nan, and an input takes int64");
  columns.inputs.pop_back();
  CHECK(std::isnan(read_text("a\nNA\n", columns).floats.at(0)));
}

TEST_CASE("whole numbers keep all their bits, and others are refused") {
  TableColumns columns = floats_of({});
  columns.inputs.push_back({"", ValueType::int64, {"b"}});
  const auto table = read_text("b\n9223372036854775807\n-9223372036854775808\n 9007199254740993 \n1e3\n12.0\ntrue\n1.5\n9223372036854775808\n1e18\ninf\n", columns);
  CHECK(std::vector<std::int64_t>(table.integers.begin(), table.integers.begin() + 6) ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), 9007199254740993, 1000, 12, 1});
  REQUIRE(table.failed.size() == 4);
  CHECK(table.failed[0].second == "column `b`: `1.5` is no whole number that fits into int64");
}

TEST_CASE("JSON lines: values by key, whatever else a line has") {
  TableColumns columns = floats_of({"a", "b"});
  columns.texts = {"s"};
  const std::string text =
      "\xef\xbb\xbf{\"a\": 1, \"b\": 2.5e0, \"s\": \"\\u00e4\\n\"}\r\n\n"
      "{\"x\": {\"a\": 9, \"b\": [1, {\"a\": 2}]}, \"b\": true, \"a\": \" 7 \", \"s\": 1.50}\n"
      "{\"a\": null, \"b\": 1}\n{\"a\": 1}\n{\"a\": [1], \"b\": 1}\n[1]\n{\"a\": \n{\"a\": 3, \"b\": 4, \"s\": null}";
  const auto table = read_text(text, columns, mlpipe_json_lines);
  CHECK(table.rows == 8);
  CHECK(std::vector<float>(table.floats.begin(), table.floats.begin() + 4) == std::vector<float>{1, 2.5, 7, 1});
  CHECK(table.texts == std::vector<std::string>{"\xc3\xa4\n", "1.50", "", "", "", "", "", ""});
  REQUIRE(table.failed.size() == 5);
  CHECK(table.failed[0] == std::pair<std::size_t, std::string>{2, "column `a`: the value is missing"});
  CHECK(table.failed[1].second == "column `b`: the value is missing");
  CHECK(table.failed[2].second == "column `a`: an object or a list is no number");
  CHECK(table.failed[3].second == "the line is no JSON object: `[1]`");
  CHECK(table.failed[4].second.starts_with("the line is no JSON, at byte "));
  CHECK(std::vector<float>(table.floats.end() - 2, table.floats.end()) == std::vector<float>{3, 4});
}

TEST_CASE("a row may be longer than any buffer, and a file that became shorter is an error") {
  const std::string long_text(3'000'000, 'x');
  TableColumns columns = floats_of({"a"});
  columns.texts = {"t"};
  const auto table = read_text("t,a\n" + long_text + ",1\n\"" + long_text + "\n\",2\ny,3\n", columns);
  CHECK(table.floats == std::vector<float>{1, 2, 3});
  CHECK(table.texts[1] == long_text + "\n");
  const auto lines = read_text("{\"t\": \"" + long_text + "\", \"a\": 1}\n{\"a\": 2}\n", columns, mlpipe_json_lines);
  CHECK(lines.floats == std::vector<float>{1, 2});
  CHECK(read_text("a\n" + std::string(33u << 20, '1'), columns = floats_of({"a"})).error.find("has a row of more than 32 MB") != std::string::npos);
  const TempFolder folder;
  const std::string path = folder.write("t.csv", "a\n1\n");
  CHECK(read_table({piece_of(path, {2, 1u << 30}, 2)}, floats_of({"a"})).error.ends_with("t.csv has become shorter since the step began"));
  CHECK(read_table({piece_of(path, {2, 4}, 1u << 20)}, floats_of({"a"})).error.ends_with("t.csv has become shorter since the step began"));
  CHECK(read_text("a\n\"1\n", floats_of({"a"})).error.find("has a quoted value without an end") != std::string::npos);
}

namespace {

std::string random_text(std::mt19937& random, std::size_t size, std::string_view letters) {
  std::string text;
  while (text.size() < size) text += letters[random() % letters.size()];
  return text;
}

}  // namespace

TEST_CASE("rows and fields are those that mini-batches are cut by, whatever the bytes") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = round % 50 == 0 ? 700'000 : random() % 400;
    std::string text = random_text(random, size, round % 2 ? "ab,,\n\n\r\" \t" : "1234567890.,,,,,,,\n\"\r");
    std::vector<std::string> wanted;
    CsvScanner scanner(',');
    const auto take = [&](std::uint64_t begin, std::uint64_t end) { wanted.push_back(csv_fields(std::string_view(text).substr(begin, end - begin), ',')[0]); };
    scanner.feed(text, take);
    if (!scanner.finish(take)) continue;  // such a file is refused before
    // 3 columns, so that most rows have too few or too many; the text of those with too many is not read.
    TableColumns columns = floats_of({});
    columns.texts = {"x"};
    const TempFolder folder;
    const std::string path = folder.write("t.csv", text), header = folder.write("h.csv", "x,y,z\n");
    const mlpipe_range range{0, text.size()};
    auto piece = piece_of(path, range, 6);
    piece.header_path = header.c_str();
    const auto table = read_table({piece}, columns, 1 + random() % 2000);
    REQUIRE(table.error == "");
    REQUIRE(table.rows == wanted.size());
    for (const auto& [row, reason] : table.failed) wanted[row].clear();
    CHECK(table.texts == wanted);
  }
}

TEST_CASE("the fast ways see what the portable ones see") {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text = random_text(random, random() % 700, round % 2 ? "12345.-,,\n" : "a\",\r\n");
    const std::size_t size = text.size(), begin = std::min<std::size_t>(random() % 4, size);
    text.resize(size + 64);  // all of it may be looked at
    Structure fast, portable;
    fastest_find_structure()(std::string_view(text).substr(0, size), begin, ',', fast);
    find_structure_portable(std::string_view(text).substr(0, size), begin, ',', portable);
    REQUIRE(fast.count == portable.count);
    REQUIRE(fast.special_count == portable.special_count);
    CHECK(std::equal(fast.places.begin(), fast.places.begin() + static_cast<std::ptrdiff_t>(fast.count), portable.places.begin()));
    CHECK(std::equal(fast.special.begin(), fast.special.begin() + static_cast<std::ptrdiff_t>(fast.special_count), portable.special.begin()));
  }
}

TEST_CASE("plain decimals: the fast way gives the bits of the portable one, and of a correctly rounded double") {
  std::mt19937 random(5);
  for (int round = 0; round < 100'000; ++round) {
    std::string field = random_text(random, random() % 26, round % 3 ? "0123456789." : "01239.-+e ");
    // Many of these lie in the middle between two floats.
    if (round % 5 == 0) field = std::to_string((1u << 23) + random() % (1u << 23)) + (round % 2 ? ".5" : ".50000");
    if (round % 7 == 0) field = std::to_string((1u << 24) + random() % (1u << 28));
    const std::string text = std::string(16, ',') + (round % 4 ? "" : "-") + field + ",";
    const std::uint32_t ends[] = {15, static_cast<std::uint32_t>(text.size() - 1)};
    const std::uint32_t zero = 0;
    float fast = -9, portable = -9;
    std::uint32_t rest = 9;
    const std::size_t left = fastest_take_plain_decimals()(text.data(), ends + 1, {&zero, &zero, 1}, &fast, &rest);
    REQUIRE(left == take_plain_decimals_portable(text.data(), ends + 1, {&zero, &zero, 1}, &portable, &rest));
    if (left > 0) continue;
    CHECK(std::bit_cast<std::uint32_t>(fast) == std::bit_cast<std::uint32_t>(portable));
    const auto number = number_of(std::string_view(text).substr(16, text.size() - 17));
    REQUIRE(number);
    CHECK(std::bit_cast<std::uint32_t>(fast) == std::bit_cast<std::uint32_t>(static_cast<float>(*number)));
  }
}

TEST_CASE("values are those of pandas, bit for bit") {
  const std::string python = python_with("pandas");
  if (python.empty()) {
    MESSAGE("skipped: .venv has no pandas");
    return;
  }
  const TempFolder folder;
  const auto script = folder.write("make.py", R"(
import io, random, struct, sys, numpy, pandas
r = random.Random(11)
texts = "12| 12 |+5|1e5|1E+5|.5|5.|inf|-inf|Infinity|INF|+inf|1e400|1e-400|-1e400|-0|-0.0|1e5 |9007199254740993|1e22|1e23|0.1|2.2250738585072011e-308|5e-324|3.4028235677973366e38|7.006492321624085e-46|16777217|1234567890123456|12345678901234567890|0.30000001192092896|1.00000017881393421514957253748434595763683319091796875001".split("|")
for i in range(20000):
    kind = i % 5
    if kind == 0: texts.append(repr(struct.unpack("<d", struct.pack("<Q", r.getrandbits(62)))[0]))
    elif kind == 1: texts.append("%.*f" % (r.randrange(12), r.gauss(0, 10 ** r.randrange(-3, 6))))
    elif kind == 2: texts.append("%.*e" % (r.randrange(20), r.gauss(0, 10.0 ** r.randrange(-45, 40))))
    elif kind == 3: texts.append(str(r.getrandbits(r.randrange(1, 63))))
    else:  # halfway between two floats, and next to it
        at = struct.unpack("<f", struct.pack("<I", r.getrandbits(30)))[0]
        texts.append("%.60g" % ((at + numpy.nextafter(numpy.float32(at), numpy.float32(9e9), dtype="float32").astype("float64")) / 2 * r.choice((1, 1 + 1e-16, 1 - 1e-16))))
texts.append("0.5")  # so that the column is one of floats
open(sys.argv[1] + "/t.csv", "w").write("x\n" + "\n".join(texts) + "\n")
column = pandas.read_csv(sys.argv[1] + "/t.csv", float_precision="round_trip")["x"]
assert column.dtype == "float64" and len(column) == len(texts), column.dtype
column.to_numpy().astype("float32").tofile(sys.argv[1] + "/reference")
)");
  REQUIRE(run_python(python, script.string(), folder.path()));
  const std::string reference = read(folder / "reference");
  const auto table = read_text(read(folder / "t.csv"), floats_of({"x"}));
  CHECK(table.failed.empty());
  REQUIRE(table.floats.size() * sizeof(float) == reference.size());
  CHECK(std::memcmp(table.floats.data(), reference.data(), reference.size()) == 0);
}

TEST_CASE("what pandas takes for no number is none") {
  for (const char* text : {" ", " nan ", "0x10", "1_000", "1,5", " true", "--5", "+-5", "-+5", "1e", "e5", "-", "+", ".", "1 2", "\xd9\xa1", "infin", "1d5", "nan(1)", "1e+", "NA"}) {
    CAPTURE(text);
    CHECK_FALSE(number_of(text));
  }
  CHECK(number_of("TRUE") == 1.0);
  CHECK(shown_value(std::string(60, 'x')) == "`" + std::string(40, 'x') + "...`");
  CHECK(shown_value("a\n\xff") == "`a??`");
}
