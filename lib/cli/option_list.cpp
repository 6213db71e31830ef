#include "cli/option_list.h"

#include <algorithm>

#include "base/text.h"

namespace mlpipe::cli {

const OptionFacts* OptionList::find(const std::string& name) const {
  for (const OptionFacts& option : options_)
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  return nullptr;
}

OptionFacts& OptionList::add(const std::string& names, const std::string& placeholder, const std::string& help) {
  OptionFacts option{{}, placeholder, help};
  for (const std::string_view name : split(names, ',')) option.names.emplace_back(name);
  return options_.emplace_back(std::move(option));
}

std::string usage_of(const Command& command, const OptionList& list) {
  std::string usage = "mlpipe " + command.name;
  for (const WordFacts& word : list.words()) usage += word.required ? " " + word.name : " [" + word.name + (word.repeated ? "...]" : "]");
  return usage + " [options]";
}

}  // namespace mlpipe::cli
