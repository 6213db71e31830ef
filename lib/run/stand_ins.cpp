#include "run/stand_ins.h"

#include <algorithm>
#include <array>

#include "system/host.h"

namespace mlpipe {
namespace {

constexpr std::uint64_t largest_code = 4 << 20;

struct StandIn {
  const char* folder;
  std::string_view named;                         // how code names the package
  std::vector<std::string_view> distributions{};  // any of them has it
};

const std::array<StandIn, 3> stand_ins = {{{"for_mlflow", "mlflow", {"mlflow", "mlflow-skinny"}},
                                           {"for_mltable", "mltable", {"mltable"}},
                                           {"for_azureml", "azureml", {"azureml-core"}}}};

bool is_code(const TreeEntry& entry) {
  return entry.size <= largest_code && std::ranges::any_of(std::array{".py", ".ipynb", ".sh"}, [&](const char* end) { return entry.path.ends_with(end); });
}

std::string_view own_text(const Step& step) {
  const auto* command = std::get_if<Command>(&step.action);
  return command ? std::string_view(command->text.written) : std::string_view();
}

// Which of `wanted` the code names.
std::vector<const StandIn*> named_by(const Step& step, const StepDescription& description, std::vector<const StandIn*> wanted) {
  if (!description.code || !step.hash_paths.empty()) return wanted;
  std::vector<const StandIn*> named;
  const auto search = [&](std::string_view text) {
    std::erase_if(wanted, [&](const StandIn* each) {
      const bool found = text.find(each->named) != std::string_view::npos;
      if (found) named.push_back(each);
      return found;
    });
  };
  search(own_text(step));
  for (const TreeEntry& entry : description.code->entries()) {
    if (wanted.empty()) break;
    if (!is_code(entry)) continue;
    if (const auto text = read_file(step.source_directory / entry.path)) search(*text);
  }
  return named;
}

}  // namespace

std::vector<Path> stand_in_folders(const Step& step, const StepDescription& description) {
  const auto common = find_module("python/shims/mlpipe_stand_in.py");
  if (!common || !description.python) return {};
  std::vector<const StandIn*> lacking;
  for (const StandIn& each : stand_ins)
    if (std::ranges::none_of(each.distributions, [&](std::string_view name) { return description.python->installed.contains(std::string(name)); }))
      lacking.push_back(&each);
  std::vector<Path> folders;
  for (const StandIn* each : named_by(step, description, std::move(lacking))) folders.push_back(common->parent_path() / each->folder);
  if (!folders.empty()) folders.push_back(common->parent_path());
  return folders;
}

}  // namespace mlpipe
