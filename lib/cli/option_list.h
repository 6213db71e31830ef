// A command's options and words as data: what completion, the man page and docs/commands.md are made of.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace mlpipe::cli {

struct OptionFacts {
  std::vector<std::string> names;  // "-p", "--parameter"
  std::string placeholder;         // of its value; empty: it takes none
  std::string help;
  bool repeated = false;
  bool value_may_lack = false;
};

struct WordFacts {
  std::string name, help;
  bool required = false, repeated = false;  // repeated: any number of them, behind all others
};

class OptionList final : public Options {
 public:
  explicit OptionList(const Command& command) { (void)command.declare(*this); }

  const std::vector<OptionFacts>& options() const { return options_; }
  const std::vector<WordFacts>& words() const { return words_; }
  const OptionFacts* find(const std::string& name) const;

  void flag(const std::string& names, bool&, const std::string& help) override { add(names, "", help); }
  void value(const std::string& names, std::string&, const std::string& placeholder, const std::string& help) override { add(names, placeholder, help); }
  void value(const std::string& names, std::optional<std::string>&, const std::string& placeholder, const std::string& help) override { add(names, placeholder, help); }
  void optional_value(const std::string& names, std::optional<std::string>&, const std::string& placeholder, const std::string& help) override {
    add(names, placeholder, help).value_may_lack = true;
  }
  void number(const std::string& names, std::optional<long long>&, long long, const std::string& placeholder, const std::string& help) override {
    add(names, placeholder, help);
  }
  void list(const std::string& names, std::vector<std::string>&, const std::string& placeholder, const std::string& help) override {
    add(names, placeholder, help).repeated = true;
  }
  void positional(const std::string& name, std::optional<std::string>&, const std::string& help, bool required) override { words_.push_back({name, help, required}); }
  void positionals(const std::string& name, std::vector<std::string>&, const std::string& help) override { words_.push_back({name, help, false, true}); }

 private:
  OptionFacts& add(const std::string& names, const std::string& placeholder, const std::string& help);

  std::vector<OptionFacts> options_;
  std::vector<WordFacts> words_;
};

// "mlpipe run [SPEC] [options]".
std::string usage_of(const Command& command, const OptionList& list);

}  // namespace mlpipe::cli
