#include "cli/machine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "base/units.h"
#include "cli/probe.h"
#include "store/store.h"
#include "system/file_system.h"
#include "system/host.h"

namespace mlpipe::cli {
namespace {

// A line a package, "name version" or "name -".
constexpr const char* python_probe = R"(
import sys
print("%d.%d.%d" % sys.version_info[:3])
print(sys.executable)
from importlib import metadata
for name in ("numpy", "pandas", "Pillow", "torch"):
    try: print(name, metadata.version(name))
    except Exception: print(name, "-")
)";

Fact package_fact(std::string_view line) {
  const auto blank = line.find(' ');
  const std::string name(line.substr(0, blank)), version(line.substr(std::min(blank + 1, line.size())));
  const bool there = version != "-";
  // Nothing in mlpipe needs them; a pipeline's own steps may.
  if (there) return {"python " + name, version, "", true};
  return {"python " + name, "not installed", "only steps that import it need it: pip install " + lower(name), false};
}

Path existing_parent(Path path) {
  while (!path_exists(path) && path.has_relative_path()) path = path.parent_path();
  return path;
}

}  // namespace

Fact look_at_mlpipe() { return {"mlpipe", fmt::format("{} at {}", MLPIPE_VERSION, executable_path().string()), "", true}; }

Fact look_at_cores() { return {"cores", std::to_string(usable_cores()), "", true}; }

Fact look_at_memory() { return {"memory", format_bytes(physical_memory()), "", true}; }

std::vector<Fact> look_at_python() {
  const char* path = std::getenv("PATH");
  const auto python = find_program("python3", fmt::format("PATH={}", path ? path : ""));
  if (!python) return {{"python3", "not on PATH", "apt-get install python3, or activate an environment", false}};
  const auto said = output_of({python->string(), "-c", python_probe}, Seconds(20));
  if (!said) return {{"python3", fmt::format("{} does not run: {}", python->string(), said.error().message), said.error().hint, false}};
  const auto lines = split(trim(*said), '\n');
  std::vector<Fact> facts{{"python3", fmt::format("{} at {}", lines[0], lines.size() > 1 ? lines[1] : python->string()), "", true}};
  for (std::size_t i = 2; i < lines.size(); ++i) facts.push_back(package_fact(lines[i]));
  return facts;
}

Fact look_at_scoring_module() {
  const char* remedy = "build mlpipe with -DMLPIPE_TORCH=ON; steps with a `model` need it";
  const auto module = find_module("mlpipe_torch.so");
  if (!module) return {"scoring module", "mlpipe_torch.so is not there", remedy, false};
  const auto version = version_of_module(*module, Seconds(60));
  if (!version) return {"scoring module", fmt::format("{} does not load: {}", module->string(), version.error().message), remedy, false};
  return {"scoring module", fmt::format("{} at {}", *version, module->string()), "", true};
}

Fact look_at_parquet_module() {
  const auto module = find_module("mlpipe_parquet.so");
  if (module) return {"parquet module", module->string(), "", true};
  return {"parquet module", "mlpipe_parquet.so is not there", "install pyarrow into .venv and build mlpipe again; models that read or write Parquet need it", false};
}

Fact look_at_store(const Path& root) {
  const Path folder = existing_parent(root);
  const bool writable = ::access(folder.c_str(), W_OK) == 0;
  const auto room = free_bytes(folder);
  std::string text = fmt::format("{}{}", root.string(), path_exists(root) ? "" : " (not made yet)");
  if (room) text += fmt::format(", {} free", format_bytes(*room));
  if (!writable) return {"store", text + ", not writable", "--store DIR or MLPIPE_STORE names another place", false};
  const auto opened = Store::open(root, Store::Access::read);
  if (!opened) return {"store", text + ", " + opened.error().message, opened.error().hint, false};
  return {"store", text, "", true};
}

Fact look_at_file_system() {
  const bool trusted = times_can_be_trusted(Path("."));
  const std::string name = file_system_name(".");
  return {"file system", fmt::format("{} here: files are read {}", name, trusted ? "when their times changed" : "each time, for its times tell too little"), "", true};
}

}  // namespace mlpipe::cli
