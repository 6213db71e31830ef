#include <doctest/doctest.h>

#include "scoring/package/model_format.h"
#include "scoring/zip/zip_file.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

std::vector<std::string> names_of(const ZipFile& zip) {
  std::vector<std::string> names;
  for (const ZipEntry& entry : zip.entries()) names.push_back(entry.name);
  return names;
}

std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
  return bytes;
}

// An archive of empty entries: local headers, a central directory and its end. `wide`: with the records of zip64.
std::string zip(const std::vector<std::string>& names, bool wide = false) {
  std::string entries, directory;
  for (const auto& name : names) {
    const std::string offset = little(entries.size(), 4);
    entries += "PK\x03\x04" + std::string(22, '\0') + little(name.size(), 2) + little(0, 2) + name;
    directory += "PK\x01\x02" + std::string(24, '\0') + little(name.size(), 2) + std::string(12, '\0') + offset + name;
  }
  const std::string count = little(names.size(), 2);
  if (!wide) {
    return entries + directory + "PK\x05\x06" + std::string(4, '\0') + count + count + little(directory.size(), 4) + little(entries.size(), 4) + little(0, 2);
  }
  const std::string end64 = "PK\x06\x06" + little(44, 8) + std::string(12, '\0') + little(names.size(), 8) + little(names.size(), 8) +
                            little(directory.size(), 8) + little(entries.size(), 8);
  const std::string locator = "PK\x06\x07" + little(0, 4) + little(entries.size() + directory.size(), 8) + little(1, 4);
  return entries + directory + end64 + locator + "PK\x05\x06" + std::string(4, '\0') + std::string(12, '\xff') + std::string(2, '\0');
}

struct Models {
  test::TempFolder folder;
  ModelFormat format(const std::string& bytes, const char* name = "model.pt") { return *model_format(folder.write(name, bytes)); }
  std::string refusal(const std::string& bytes) {
    const auto status = runnable_format(folder.write("model.pt", bytes));
    return status ? "accepted" : status.error().message;
  }
};

}  // namespace

TEST_CASE("the names in an archive, small and zip64") {
  const test::TempFolder folder;
  const std::vector<std::string> names{"m/data.pkl", "m/code/a.py"};
  for (const bool wide : {false, true}) {
    const auto found = ZipFile::open(folder.write("a.zip", zip(names, wide)));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK(names_of(**found) == names);
  }
  CHECK((*ZipFile::open(folder.write("empty.zip", zip({}))))->entries().empty());
  CHECK_FALSE(*ZipFile::open(folder.write("text", "hello")));
  CHECK_FALSE(*ZipFile::open(folder.write("nothing", "")));
}

TEST_CASE("no prefix and no flipped byte of an archive crashes the reader") {
  const test::TempFolder folder;
  for (const bool wide : {false, true}) {
    const std::string good = zip({"m/data.pkl", "m/code/a.py"}, wide);
    for (std::size_t at = 0; at < good.size(); ++at) {
      if (at >= 4) CHECK_FALSE(ZipFile::open(folder.write("cut", good.substr(0, at))));
      std::string damaged = good;
      damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
      static_cast<void>(ZipFile::open(folder.write("damaged", damaged)));
    }
  }
}

TEST_CASE("model formats are told apart by their names and first bytes") {
  Models models;
  CHECK(models.format(zip({"m/data.pkl", "m/code/__torch__.py", "m/constants.pkl"})) == ModelFormat::torchscript);
  CHECK(models.format(zip({"m/models/model.json", "m/data/weights/weight_0"})) == ModelFormat::exported_program);
  CHECK(models.format(zip({"m/data/aotinductor/model/a.wrapper.so", "m/code/x"})) == ModelFormat::aoti_package);
  CHECK(models.format(zip({"m/data.pkl", "m/data/0"})) == ModelFormat::pickled);
  CHECK(models.format(zip({"word/document.xml"})) == ModelFormat::other_zip);
  CHECK(models.format("\x80\x02}q\x01.") == ModelFormat::legacy_pickle);
  CHECK(models.format(std::string("\x10\0\0\0\0\0\0\0{\"a\": 1}", 16)) == ModelFormat::safetensors);
  CHECK(models.format("\x08\x08\x12\x07pytorch") == ModelFormat::onnx);
  CHECK(models.format("anything", "model.onnx") == ModelFormat::onnx);
  CHECK(models.format("hello") == ModelFormat::unknown);
  CHECK(models.format("") == ModelFormat::unknown);
}

TEST_CASE("a wrong format is explained with a remedy") {
  Models models;
  CHECK(models.refusal(zip({"m/code/x.py"})) == "accepted");
  CHECK(models.refusal(zip({"m/models/model.json"})).find("is a torch.export archive") != std::string::npos);
  CHECK(runnable_format(models.folder.write("e.pt2", zip({"m/models/model.json"}))).error().hint.find("aoti_compile_and_package") != std::string::npos);
  CHECK(models.refusal(zip({"m/data/aotinductor/x"})) == "accepted");
  CHECK(models.refusal(zip({"m/data.pkl"})).find("holds a state dict") != std::string::npos);
  CHECK(models.refusal("hello").find("is no model that LibTorch can open") != std::string::npos);
  CHECK(runnable_format(models.folder.write("a", "x")).error().hint.find("torch.jit.save") != std::string::npos);
  CHECK(runnable_format(models.folder / "missing.pt").error().message.find("does not exist") != std::string::npos);
  CHECK(*runnable_format(models.folder.path()) == ModelFormat::aoti_package);  // unpacked
}
