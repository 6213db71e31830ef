#include "pipeline/pipeline.h"

#include <algorithm>

namespace mlpipe {
namespace {

template <class Items>
auto find_named(const Items& items, std::string_view name) -> decltype(&items.front()) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

bool Template::is_literal() const { return references().empty(); }

std::vector<const Reference*> Template::references() const {
  std::vector<const Reference*> found;
  for (const auto& part : parts)
    if (const auto* reference = std::get_if<Reference>(&part)) found.push_back(reference);
  return found;
}

std::size_t Distribution::processes() const {
  const auto product = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  switch (kind) {
    case Kind::tensorflow: return static_cast<std::size_t>(tensorflow_workers() + parameter_servers);
    case Kind::pytorch:
    case Kind::mpi: return product(instances, processes_per_instance);
    default: return 1;
  }
}

const StepInput* Step::input(std::string_view name, bool side) const {
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const StepInput& i) { return i.name == name && i.side == side; });
  return found == inputs.end() ? nullptr : &*found;
}

const StepOutput* Step::output(std::string_view name) const { return find_named(outputs, name); }
const Step* Pipeline::step(std::string_view name) const { return find_named(steps, name); }
const Parameter* Pipeline::parameter(std::string_view name) const { return find_named(parameters, name); }
const PipelineInput* Pipeline::input(std::string_view name) const { return find_named(inputs, name); }

}  // namespace mlpipe
