// Commands that a shell runs.
#include <fmt/format.h>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"

namespace mlpipe::diagnosis {
namespace {

// The name in "sh: 1: foo: not found" or "bash: line 1: foo: command not found"; empty: no shell said so.
std::string command_not_found_in(const std::string& output) {
  for (const char* end : {": command not found", ": not found"}) {
    const std::string line = line_with(output, end);
    const auto at = line.find(end);
    if (line.empty() || at + std::string_view(end).size() != line.size()) continue;
    if (!has(line, "sh: ")) continue;
    return line.substr(line.rfind(' ', at) + 1, at - line.rfind(' ', at) - 1);
  }
  return {};
}

std::optional<Recognised> not_found(const Facts& facts) {
  if (!failed(facts) || facts.exit_code != 127) return std::nullopt;
  const std::string name = command_not_found_in(facts.output);
  if (name.empty()) return std::nullopt;
  return Recognised{fmt::format("the shell found no command `{}`", name), "install it, or put its folder on PATH before `mlpipe run`; a script beside the command is `./" + name + "` or `sh " + name + "`"};
}

// The first separator between two commands that lets the second run, or hides how the first ended: ";", a line's end, "|".
std::string hiding_separator(std::string_view command) {
  char quote = 0;
  for (std::size_t at = 0; at < command.size(); ++at) {
    const char c = command[at], next = at + 1 < command.size() ? command[at + 1] : '\0';
    if (c == '\\' && quote != '\'') { ++at; continue; }
    if (quote != 0) { if (c == quote) quote = 0; continue; }
    if (c == '\'' || c == '"') quote = c;
    if (c == '|' && next == '|') { ++at; continue; }
    const bool more = !trim(command.substr(at + 1)).empty();
    if (c == ';' && next == ';') { ++at; continue; }
    if (c == ';' && more) return "`;`";
    if (c == '|' && more) return "`|`";
    if (c == '\n' && more) return "a new line";
  }
  return {};
}

// A line in which a program or the shell says that something did not work.
std::string complaint_in(const Facts& facts) {
  if (!command_not_found_in(facts.output).empty()) {
    const std::string line = line_with(facts.output, ": command not found");
    return line.empty() ? line_with(facts.output, ": not found") : line;
  }
  const auto at = facts.output.find("Traceback (most recent call last):");
  if (ended(facts) || at == std::string::npos) return {};
  for (const std::string_view line : split(std::string_view(facts.output).substr(at), '\n'))
    if (!line.starts_with(' ') && !line.starts_with("Traceback") && !trim(line).empty()) return std::string(line.substr(0, 200));
  return {};
}

// A command that ended well as a whole.
std::optional<Recognised> hidden_failure(const Facts& facts) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  if (!command || before(facts) || facts.reused) return std::nullopt;
  if (failed(facts) && !has(facts.error, "it ended well but")) return std::nullopt;
  const std::string& text = command->text.written;
  if (has(text, "set -e") || has(text, "pipefail")) return std::nullopt;
  const std::string separator = hiding_separator(text), complaint = complaint_in(facts);
  if (separator.empty() || complaint.empty()) return std::nullopt;
  const bool pipe = separator == "`|`";
  return Recognised{fmt::format("a part of its command failed ({}), but {} hid that: the shell tells only how the last part ended", complaint, separator),
                    pipe ? "without `| ...`, or with `set -o pipefail` in bash, the failure counts" : "join the parts with `&&`, or begin with `set -e;`: then the first failure ends the step"};
}

}  // namespace

Entries command_entries() {
  return {
      {"command-not-found", "A command that the shell does not find", "Exit code 127, and the shell named the command.", "`command not found`, exit code 127.",
       "install it, or put its folder on PATH: steps inherit that of the calling shell, with the chosen Python's folder before it.", not_found},
      {"hidden-failure", "`a; b` hid that `a` failed",
       "A shell's exit code is that of the last command. After `python train.py; cp model out` a crash of train.py looks like success when cp succeeds. Recognised by a complaint of the shell "
       "or a Python traceback in the output of a command with `;`, `|` or several lines that ended with 0; a traceback alone counts only where an output is missing too.",
       "nothing: the job is Completed, and a later step fails.", "`a && b`, or `set -e;` at the beginning; `set -o pipefail` for pipes (bash).", hidden_failure},
  };
}

}  // namespace mlpipe::diagnosis
