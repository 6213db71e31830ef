#include <doctest/doctest.h>

#include <cstring>

#include "scoring/array/npy_file.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data, int version = 1, const char* fortran = "False") {
  const std::string header = "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
  std::string file = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(header.size() >> 8 * i);
  return file + header + data;
}

std::vector<float> row(NpyFile& file, std::size_t number, std::size_t size) {
  std::vector<float> values(size);
  REQUIRE(file.read_row(number, values.data()));
  return values;
}

struct Files {
  test::TempFolder folder;
  Result<NpyFile> open(const std::string& bytes) { return NpyFile::open(folder.write("a.npy", bytes)); }
  std::string error(const std::string& bytes) { return open(bytes).error().message; }
};

}  // namespace

TEST_CASE("rows of float arrays in all three header versions") {
  Files files;
  for (const int version : {1, 2, 3}) {
    auto file = files.open(npy("<f4", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5.5, 6}), version));
    REQUIRE(file);
    CHECK(file->rows() == 2);
    CHECK(file->row_shape() == std::vector<std::int64_t>{3});
    CHECK(row(*file, 1, 3) == std::vector<float>{4, 5.5, 6});
    CHECK(row(*file, 0, 3) == std::vector<float>{1, 2, 3});
  }
}

TEST_CASE("every number type becomes float32 as numpy casts it") {
  Files files;
  const auto only = [&](const std::string& bytes) { return row(*files.open(bytes), 0, 1)[0]; };
  CHECK(only(npy("<f8", "(1,)", bytes_of<double>({0.1}))) == 0.1f);
  CHECK(only(npy("|u1", "(1,)", "\xff")) == 255.0f);
  CHECK(only(npy("|i1", "(1,)", "\xff")) == -1.0f);
  CHECK(only(npy("<u2", "(1,)", bytes_of<std::uint16_t>({65535}))) == 65535.0f);
  CHECK(only(npy("<i2", "(1,)", bytes_of<std::int16_t>({-2}))) == -2.0f);
  CHECK(only(npy("<i4", "(1,)", bytes_of<std::int32_t>({16777217}))) == 16777216.0f);
  CHECK(only(npy("<u4", "(1,)", bytes_of<std::uint32_t>({4294967295u}))) == 4294967296.0f);
  CHECK(only(npy("<i8", "(1,)", bytes_of<std::int64_t>({-5}))) == -5.0f);
  CHECK(only(npy("<u8", "(1,)", bytes_of<std::uint64_t>({1ull << 63}))) == 9223372036854775808.0f);
  CHECK(only(npy("|b1", "(1,)", "\x01")) == 1.0f);
  CHECK(only(npy("<f2", "(1,)", bytes_of<std::uint16_t>({0x3e00}))) == 1.5f);
  CHECK(only(npy("<f2", "(1,)", bytes_of<std::uint16_t>({0x8001}))) == -0x1p-24f);
  CHECK(only(npy(">f4", "(1,)", std::string("\x3f\x80\0\0", 4))) == 1.0f);
}

TEST_CASE("arrays of many rows are read piece by piece") {
  Files files;
  std::string data;
  for (int i = 0; i < 200'000; ++i) data += bytes_of<std::int32_t>({i, -i});
  auto file = files.open(npy("<i4", "(200000, 2)", data));
  REQUIRE(file);
  for (const std::size_t number : {0u, 65'536u, 131'071u, 199'999u, 3u}) {
    CHECK(row(*file, number, 2) == std::vector<float>{static_cast<float>(number), -static_cast<float>(number)});
  }
}

TEST_CASE("a file without rows has none") {
  Files files;
  CHECK(files.open(npy("<f4", "(0, 7)", ""))->rows() == 0);
}

TEST_CASE("arrays that cannot be scored say why") {
  Files files;
  CHECK(files.error("") == "not a numpy .npy file (too short)");
  CHECK(files.error("0123456789abcdef") == "not a numpy .npy file");
  CHECK(files.error(npy("<f4", "(2, 3)", "short")) == "the array file is truncated");
  CHECK(files.error(npy("<f4", "(2, 3)", std::string(24, 'x'), 1, "True")) == "the array is in Fortran order");
  CHECK(files.error(npy("<c8", "(1,)", std::string(8, 'x'))) == "arrays of type '<c8' are not supported");
  CHECK(files.error(npy("<f4", "()", "1234")) == "the array has no axis, so it has no rows");
  CHECK(files.error(npy("<f4", "(2, 0)", "")) == "the array's rows are empty");
  CHECK(files.error(npy("<f4", "(-1,)", "")) == "the array's header has a malformed shape");
  CHECK(files.error(npy("<f4", "(x,)", "")) == "the array's header has a malformed shape");
  CHECK(files.error(npy("<f4", "(4611686018427387904, 4611686018427387904)", "")) == "the array's header claims an impossible size");
  CHECK(files.error(npy("<f4", "(1,)", "1234", 9)) == "numpy format version 9 is not supported");
  CHECK(files.error(std::string("\x93NUMPY\x02\0\xff\xff\xff\x7f", 12)) == "the array's header is too long");
  CHECK_FALSE(NpyFile::open(files.folder / "missing.npy"));
  CHECK_FALSE(NpyFile::open(files.folder.path()));
}

TEST_CASE("no prefix and no flipped byte of an array file crashes the reader") {
  Files files;
  const std::string good = npy("<f4", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5, 6}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    CHECK_FALSE(files.open(good.substr(0, at)));
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    auto file = files.open(damaged);
    if (!file) continue;
    std::vector<float> values(64);
    for (std::size_t number = 0; number < file->rows(); ++number) CHECK(file->read_row(number, values.data()));
  }
}
