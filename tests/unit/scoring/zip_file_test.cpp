#include <doctest/doctest.h>

#include <array>
#include <cstdint>

#include "scoring/package/unpack.h"
#include "scoring/zip/zip_file.h"
#include "support/temp_folder.h"
#include "support/venv_python.h"
#include "system/host.h"

using namespace mlpipe;

namespace {

// An archive as Python's zipfile writes it: {name: content}, in the order of the names.
std::filesystem::path archive(const test::TempFolder& folder, const std::string& script) {
  const auto file = folder / "made.zip";
  const auto program = folder.write("make.py", "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1] + '/made.zip', 'w') as z:\n" + script);
  REQUIRE(test::run_python("python3", program, folder.path()));
  return file;
}

ZipFile opened(const std::filesystem::path& file) {
  auto zip = ZipFile::open(file);
  REQUIRE(zip);
  REQUIRE(*zip);
  return std::move(**zip);
}

}  // namespace

TEST_CASE("stored and deflated entries are read whole, and checked") {
  const test::TempFolder folder;
  const auto file = archive(folder, "  z.writestr('a/stored', b'x' * 5000)\n  z.writestr('b', b'y' * 100000, zipfile.ZIP_DEFLATED)\n  z.writestr('empty', b'')\n");
  const ZipFile zip = opened(file);
  CHECK(*zip.read(*zip.find("a/stored"), 1 << 20) == std::string(5000, 'x'));
  CHECK(*zip.read(*zip.find("b"), 1 << 20) == std::string(100000, 'y'));
  CHECK(zip.read(*zip.find("empty"), 0)->empty());
  CHECK(zip.find("missing") == nullptr);
  CHECK_FALSE(zip.read(*zip.find("b"), 99'999));
  REQUIRE(zip.extract(*zip.find("a/stored"), folder / "out"));
  CHECK(test::read(folder / "out") == std::string(5000, 'x'));
}

TEST_CASE("other content than was packed is an error") {
  const test::TempFolder folder;
  const auto file = archive(folder, "  z.writestr('a', b'hello hello')\n");
  std::string bytes = test::read(file);
  bytes[bytes.find("hello")] = 'j';
  const ZipFile zip = opened(folder.write("changed.zip", bytes));
  CHECK_FALSE(zip.read(*zip.find("a"), 100));
  CHECK_FALSE(zip.extract(*zip.find("a"), folder / "out"));
}

TEST_CASE("sizes that cannot be are refused before anything is allocated") {
  const test::TempFolder folder;
  const auto file = archive(folder, "  z.writestr('a', b'x' * 100, zipfile.ZIP_DEFLATED)\n");
  const std::string bytes = test::read(file);
  const auto entry = bytes.rfind("PK\x01\x02");
  REQUIRE(entry != std::string::npos);
  for (const std::size_t field : {20, 24}) {  // packed, unpacked
    std::string lie = bytes;
    for (std::size_t i = 0; i < 4; ++i) lie[entry + field + i] = '\x70';
    CHECK_FALSE(ZipFile::open(folder.write("lie.zip", lie)));
  }
}

TEST_CASE("a package is unpacked without its first folder") {
  const test::TempFolder folder;
  const auto file = archive(folder, "  z.writestr('m/data/aotinductor/model/x.wrapper.so', b'code')\n"
                                    "  z.writestr('m/data/aotinductor/model/x.wrapper_metadata.json', b'{\"AOTI_DEVICE_KEY\": \"cpu\", \"AOTI_CPU_ISA\": \"NONE\"}')\n");
  REQUIRE(unpack_package(file, folder / "to"));
  CHECK(test::read(folder / "to/data/aotinductor/model/x.wrapper.so") == "code");
  const auto facts = package_facts(folder / "to");
  REQUIRE(facts);
  CHECK(facts->device == "cpu");
  CHECK(check_package(*facts, "cpu"));
  CHECK_FALSE(check_package(*facts, "cuda"));
  CHECK_FALSE(check_package({"cpu", processor_has("asimd") ? "AVX2" : "ASIMD"}, "cpu"));
  CHECK(check_package({"cpu", "SOMETHING_NEW"}, "cpu"));
}

TEST_CASE("names that lead out of the folder are refused") {
  const test::TempFolder folder;
  for (const char* name : {"m/../../escaped", "m//etc/escaped", "m/a/../../escaped"}) {
    const auto file = archive(folder, "  z.writestr('" + std::string(name) + "', b'x')\n");
    CHECK_FALSE(unpack_package(file, folder / "inner/to"));
  }
  CHECK_FALSE(std::filesystem::exists(folder / "escaped"));
}
