#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "base/text.h"

namespace mlpipe::cli {
namespace {

// "--step", of "-s,--step".
std::string longest_name(const std::string& names) {
  std::string best;
  for (const std::string_view name : split(names, ','))
    if (name.size() > best.size()) best = name;
  return best;
}

class CliCommandLine final : public CommandLine {
 public:
  CliCommandLine(std::string command, std::string summary) : command_(std::move(command)), summary_(std::move(summary)) {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_flag("-h,--help", help_wanted_);
  }

  void flag(const std::string& names, bool& target, const std::string& help) override {
    app_.add_flag(names, target);
    remember(names, "", help);
  }

  void value(const std::string& names, std::string& target, const std::string& placeholder, const std::string& help) override {
    add(names, placeholder, help, [this, names, &target](const std::string& text) { once(names, target, text); });
  }

  void value(const std::string& names, std::optional<std::string>& target, const std::string& placeholder,
             const std::string& help) override {
    add(names, placeholder, help, [this, names, &target](const std::string& text) {
      if (!target) target.emplace();
      once(names, *target, text);
    });
  }

  void optional_value(const std::string& names, std::optional<std::string>& target, const std::string& placeholder,
                      const std::string& help) override {
    remember(names, "[" + placeholder + "]", help);
    app_.add_option_function<std::vector<std::string>>(names, [&target](const std::vector<std::string>& values) {
      target = values.empty() ? "" : values.back();
    })->expected(0, 1);
  }

  void number(const std::string& names, std::optional<long long>& target, long long least, const std::string& placeholder,
              const std::string& help) override {
    add(names, placeholder, help, [this, names, least, &target](const std::string& text) {
      target = parse_integer(text);
      if (!target || *target < least)
        complain(fmt::format("{} takes a whole number of at least {}, not `{}`", longest_name(names), least, text));
    });
  }

  void list(const std::string& names, std::vector<std::string>& target, const std::string& placeholder, const std::string& help) override {
    add(names, placeholder, help + " (may be repeated)", [&target](const std::string& text) { target.push_back(text); });
  }

  void positional(const std::string& name, std::optional<std::string>& target, const std::string& help, bool required) override {
    positionals_.push_back({name, help, required, &target});
  }

  void positionals(const std::string& name, std::vector<std::string>& target, const std::string& help) override {
    rest_ = &target;
    rest_name_ = name;
    rest_help_ = help;
  }

  Result<Parsed> parse(const std::vector<std::string>& words) override {
    try {
      app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& e) {
      return usage(explained(e));
    }
    if (help_wanted_) return Parsed::help;
    if (!complaint_.empty()) return usage(complaint_);
    if (auto taken = take_positionals(app_.remaining()); !taken) return taken.error();
    return Parsed::go;
  }

  std::string help() const override {
    std::string usage = "usage: mlpipe " + command_;
    for (const Positional& p : positionals_) usage += p.required ? " " + p.name : " [" + p.name + "]";
    if (rest_) usage += fmt::format(" [{}...]", rest_name_);
    std::string text = fmt::format("{} [options]\n\n{}\n\n", usage, summary_);
    for (const Positional& p : positionals_) text += row(p.name, p.help);
    if (rest_) text += row(rest_name_, rest_help_);
    for (const Shown& option : shown_) text += row(option.left, option.help);
    return text + row("-h, --help", "this text");
  }

 private:
  struct Positional {
    std::string name, help;
    bool required;
    std::optional<std::string>* target;
  };
  struct Shown {
    std::string left, help;
  };

  static std::string row(const std::string& left, const std::string& help) { return fmt::format("  {:<26}  {}\n", left, help); }

  void remember(const std::string& names, const std::string& placeholder, const std::string& help) {
    std::string left;
    for (const std::string_view name : split(names, ',')) {
      names_.emplace_back(name);
      left += (left.empty() ? "" : ", ") + std::string(name);
    }
    shown_.push_back({placeholder.empty() ? left : left + " " + placeholder, help});
  }

  void add(const std::string& names, const std::string& placeholder, const std::string& help,
           std::function<void(const std::string&)> take) {
    remember(names, placeholder, help);
    const auto each = [this, names, take = std::move(take)](const CLI::results_t& values) {
      for (const std::string& value : values) {
        // CLI11 takes whatever comes next, also the next option.
        if (is_option(value)) complain(longest_name(names) + " needs a value");
        else take(value);
      }
      return true;
    };
    app_.add_option(names, each)->expected(1)->type_size(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  void once(const std::string& names, std::string& target, const std::string& text) {
    if (!target.empty()) complain(longest_name(names) + " is given twice");
    if (text.empty()) complain(longest_name(names) + " needs a value");
    target = text;
  }

  bool is_option(const std::string& word) const { return std::find(names_.begin(), names_.end(), word) != names_.end(); }

  // The first complaint is the one to show.
  void complain(std::string text) {
    if (complaint_.empty()) complaint_ = std::move(text);
  }

  Error usage(std::string message, std::string hint = {}) const {
    if (hint.empty()) hint = fmt::format("mlpipe {} --help lists the options", command_);
    return {ErrorKind::usage, std::move(message), std::move(hint)};
  }

  // CLI11 says "--step: 1 required TEXT missing".
  std::string explained(const CLI::ParseError& e) const {
    const std::string text = e.what();
    const std::string name = text.substr(0, text.find(':'));
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&e) && is_option(name)) return name + " needs a value";
    return text;
  }

  Error unknown_option(const std::string& word) const {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> long_names;
    for (const std::string& known : names_)
      if (known.starts_with("--")) long_names.push_back(known);
    const std::string near = nearest(name, long_names);
    return usage(fmt::format("unknown option `{}`", name), near.empty() ? "" : fmt::format("did you mean `{}`?", near));
  }

  Status take_positionals(const std::vector<std::string>& words) {
    bool options_may_come = true;
    std::size_t next = 0;
    for (const std::string& word : words) {
      if (options_may_come && word == "--") {
        options_may_come = false;
        continue;
      }
      if (options_may_come && word.size() > 1 && word[0] == '-') return unknown_option(word);
      if (next < positionals_.size()) *positionals_[next++].target = word;
      else if (rest_) rest_->push_back(word);
      else return usage(fmt::format("unexpected argument `{}`", word));
    }
    if (next < positionals_.size() && positionals_[next].required) return usage(positionals_[next].name + " is missing");
    return {};
  }

  CLI::App app_;
  std::string command_, summary_, complaint_;
  std::vector<std::string> names_;
  std::vector<Shown> shown_;
  std::vector<Positional> positionals_;
  std::vector<std::string>* rest_ = nullptr;
  std::string rest_name_, rest_help_;
  bool help_wanted_ = false;
};

}  // namespace

std::unique_ptr<CommandLine> make_command_line(const std::string& command, const std::string& summary) {
  return std::make_unique<CliCommandLine>(command, summary);
}

}  // namespace mlpipe::cli
