#include "scoring/package/unpack.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "scoring/zip/zip_file.h"
#include "system/host.h"

namespace mlpipe {
namespace {

// Where an entry goes, below the folder; nothing: a folder, which its files make. Error: it would lie elsewhere.
Result<std::optional<Path>> place_of(const std::string& name, const Path& package) {
  if (name.ends_with('/')) return std::optional<Path>();
  const auto slash = name.find('/');
  const Path below = slash == std::string::npos ? Path(name) : Path(name.substr(slash + 1));
  const bool leads_out = below.is_absolute() || below.empty() || std::find(below.begin(), below.end(), "..") != below.end() || name.find('\0') != std::string::npos;
  if (leads_out) return Error{ErrorKind::step_failed, fmt::format("{}: an entry of it has the name `{}`", package.string(), name), "PyTorch does not write such packages"};
  return std::optional(below);
}

// What Inductor has written about the model itself; others, named alike, are about its kernels.
Result<std::optional<Path>> wrapper_file(const Path& folder, std::string_view ending) {
  const Path models = folder / "data/aotinductor";
  if (!is_folder(models)) return std::optional<Path>();
  MLPIPE_TRY(const auto names, list_folder(models));
  for (const std::string& model : names) {
    if (!is_folder(models / model)) continue;
    MLPIPE_TRY(const auto files, list_folder(models / model));
    for (const std::string& file : files)
      if (file.ends_with(ending)) return std::optional(models / model / file);
  }
  return std::optional<Path>();
}

Result<std::string> wrapper_text(const Path& folder, std::string_view ending) {
  MLPIPE_TRY(const auto file, wrapper_file(folder, ending));
  if (!file) return std::string();
  return read_file(*file);
}

// In an unpacked folder: a file for each machine on which its rows were compared.
Path notes_folder(const Path& folder) { return folder / "compared_on"; }

Path note_of_this_machine(const Path& folder) {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) name[0] = 0;
  return notes_folder(folder) / fmt::format("host-{}", name);
}

// What Linux calls the instructions that Inductor's names stand for; the rest is not checked.
constexpr std::pair<std::string_view, std::string_view> instructions[] = {{"AVX2", "avx2"},         {"AVX512", "avx512f"},          {"AVX512_VNNI", "avx512_vnni"},
                                                                          {"AMX", "amx_tile"},      {"AVX512_BF16", "avx512_bf16"}, {"ASIMD", "asimd"},
                                                                          {"SVE256", "sve"}};

}  // namespace

Status unpack_package(const Path& package, const Path& folder) {
  MLPIPE_TRY(const auto zip, ZipFile::open(package));
  if (!zip) return Error{ErrorKind::step_failed, fmt::format("{} is no package of AOTInductor", package.string()), ""};
  for (const ZipEntry& entry : zip->entries()) {
    MLPIPE_TRY(const auto below, place_of(entry.name, package));
    if (!below) continue;
    MLPIPE_TRY_VOID(make_dirs((folder / *below).parent_path()));
    MLPIPE_TRY_VOID(zip->extract(entry, folder / *below));
  }
  return make_dirs(notes_folder(folder));
}

Result<PackageFacts> package_facts(const Path& folder) {
  MLPIPE_TRY(const std::string text, wrapper_text(folder, ".wrapper_metadata.json"));
  MLPIPE_TRY(const std::string source, wrapper_text(folder, ".wrapper.cpp"));
  const auto metadata = nlohmann::json::parse(text, nullptr, false);
  const auto value = [&](const char* key) {
    const bool there = metadata.is_object() && metadata.contains(key) && metadata[key].is_string();
    return there ? metadata[key].get<std::string>() : std::string();
  };
  return PackageFacts{value("AOTI_DEVICE_KEY"), value("AOTI_CPU_ISA"), package_inputs(source)};
}

Status check_package(const PackageFacts& facts, const std::string& device) {
  if (!facts.device.empty() && !device.starts_with(facts.device))
    return Error{ErrorKind::step_failed, fmt::format("the package was made for the device {}, and scoring.device is {}", facts.device, device),
                 fmt::format("make a package for {}, or set device: {}", device, facts.device)};
  for (const std::string_view wanted : split(facts.instruction_set, ' '))
    for (const auto& [name, flag] : instructions)
      if (wanted == name && !processor_has(flag))
        return Error{ErrorKind::step_failed, fmt::format("the package was made for processors with {}, which this one lacks", facts.instruction_set),
                     "make the package on this machine: aoti_compile_and_package compiles for the processor that it runs on"};
  return {};
}

bool was_compared(const Path& folder) { return path_exists(note_of_this_machine(folder)); }

// Without one it is compared again: it only costs time.
void note_compared(const Path& folder) {
  if (is_folder(notes_folder(folder))) (void)write_file(note_of_this_machine(folder), "");
}

}  // namespace mlpipe
