#include "batch/plan/parquet_footer.h"

#include <doctest/doctest.h>

#include <random>

#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string zigzag(std::uint64_t value) { return varint(value << 1); }

// Fields of a structure: the head byte is the step to the next id and the type.
std::string row_group(std::uint64_t plain, std::uint64_t rows, std::uint64_t packed) {
  std::string bytes = "\x19\x1c";                        // 1: a list of one structure
  bytes += std::string("\x26") + zigzag(4) + std::string("\x1c\x18\x03xyz", 6) + std::string("\0\0", 2);
  bytes += "\x16" + zigzag(plain) + "\x16" + zigzag(rows);
  if (packed > 0) bytes += "\x36" + zigzag(packed);      // 6
  return bytes + '\0';
}

std::string footer(const std::vector<std::string>& groups) {
  std::string bytes = "\x15" + zigzag(2);                // 1: version
  bytes += std::string("\x19\x1c\x48\x06schema", 10) + '\0';  // 2: a list of one structure with a name
  bytes += "\x16" + zigzag(99);                          // 3: rows
  bytes += '\x19';                                       // 4: row groups
  bytes += groups.size() < 15 ? std::string(1, static_cast<char>(groups.size() << 4 | 12)) : "\xfc" + varint(groups.size());
  for (const auto& group : groups) bytes += group;
  bytes += std::string("\x1b\x01\x88\x01k\x01v", 7);     // 5: a map of one text to another
  return bytes + '\0';
}

std::string file_of(const std::string& footer, const std::string& magic = "PAR1") {
  const auto length = static_cast<std::uint32_t>(footer.size());
  return "PAR1" + footer + std::string(reinterpret_cast<const char*>(&length), 4) + magic;
}

}  // namespace

TEST_CASE("row groups are read out of a footer, whatever else is in it") {
  const auto groups = parse_parquet_footer(footer({row_group(1000, 10, 0), row_group(2000, 20, 1500)}));
  REQUIRE(groups);
  CHECK(*groups == std::vector<RowGroup>{{10, 1000}, {20, 1500}});
  const auto many = parse_parquet_footer(footer(std::vector<std::string>(300, row_group(1, 2, 3))));
  REQUIRE(many);
  CHECK(many->size() == 300);
  const auto none = parse_parquet_footer(footer({}));
  REQUIRE(none);
  CHECK(none->empty());
}

TEST_CASE("a hostile footer is an error or other numbers, never a crash") {
  const auto whole = footer({row_group(1000, 10, 0), row_group(2000, 20, 1500)});
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(parse_parquet_footer(std::string_view(whole).substr(0, size)));
  std::mt19937 random(11);
  for (int turn = 0; turn < 20000; ++turn) {
    auto bytes = whole;
    for (int change = random() % 4; change >= 0; --change) bytes[random() % bytes.size()] = static_cast<char>(random());
    (void)parse_parquet_footer(bytes);
  }
  CHECK_FALSE(parse_parquet_footer(std::string(100000, '\x1c')));                 // structures without end
  CHECK_FALSE(parse_parquet_footer(std::string(100000, '\x19')));                 // lists of lists
  CHECK_FALSE(parse_parquet_footer("\x49\xfc" + std::string(9, '\xff') + "\x7f"));  // 2^63 row groups
  CHECK_FALSE(parse_parquet_footer(std::string("\x48\xff\xff\xff\xff\x0f", 6)));  // a text of 4 GB
  CHECK_FALSE(parse_parquet_footer(footer({std::string("\x36\x01\x16\x02\0", 5)})));  // minus one row
}

TEST_CASE("what is no Parquet file is said to be none") {
  test::TempFolder folder;
  const auto read = [&](const std::string& bytes) { return read_row_groups(folder.write("x.parquet", bytes)); };
  const auto good = read(file_of(footer({row_group(7, 8, 9)})));
  REQUIRE(good);
  CHECK(*good == std::vector<RowGroup>{{8, 9}});
  CHECK(read("PAR1").error().message.find("too short") != std::string::npos);
  CHECK(read(file_of(footer({}), "PARE")).error().message.find("encrypted") != std::string::npos);
  CHECK(read(file_of(footer({}), "CSV1")).error().message.find("does not end as") != std::string::npos);
  CHECK(read("PAR1" + std::string("\xff\xff\xff\xff") + "PAR1").error().message.find("damaged") != std::string::npos);
  CHECK(read(file_of("junk")).error().message.find("damaged") != std::string::npos);
  CHECK_FALSE(read_row_groups(folder / "missing.parquet"));
}
