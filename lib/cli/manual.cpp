#include "cli/manual.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "cli/option_list.h"

namespace mlpipe::cli {
namespace {

const std::vector<std::pair<std::string, std::string>> exit_codes = {
    {"0", "all is well"},
    {"1", "a step failed"},
    {"2", "wrong usage"},
    {"3", "the spec is invalid or refused"},
    {"4", "plan --exit-code: there is work"},
    {"5", "an error threshold was exceeded"},
    {"7", "timed out: a step, or a worker that does not start"},
    {"9", "the store is damaged, full or unwritable"},
    {"130, 143", "stopped by Ctrl-C, by SIGTERM"}};

const std::vector<std::pair<std::string, std::string>> variables = {
    {"MLPIPE_STORE", "where runs are kept, unless --store says so"},
    {"MLPIPE_CACHE_FROM", "stores of others that --cache-from would name, separated by colons"},
    {"MLPIPE_STORE_LIMIT", "how large a store may be before a notice says so (20GB); 0: any size"},
    {"NO_COLOR", "when set, no colours"},
    {"GITHUB_ACTIONS", "when true, mistakes and failures are annotations, and the run is summed up in GITHUB_STEP_SUMMARY"}};

std::string left_of(const OptionFacts& option) {
  const std::string names = join(option.names, ", ");
  if (option.placeholder.empty()) return names;
  return option.value_may_lack ? fmt::format("{} [{}]", names, option.placeholder) : fmt::format("{} {}", names, option.placeholder);
}

std::string help_of(const OptionFacts& option) { return option.help + (option.repeated ? " (may be repeated)" : ""); }

// --- man

// A line that begins with . or ' would be a request, and - a hyphen that cannot be copied.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\n') out += ' ';
    else out += c;
  }
  return (out.starts_with('.') || out.starts_with('\'') ? "\\&" : "") + out;
}

std::string man_item(const std::string& left, const std::string& help) { return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(left), roff(help)); }

std::string man_of(const Command& command) {
  const OptionList list(command);
  std::string text = fmt::format(".SS {}\n{}.\n", roff(usage_of(command, list)), roff(command.summary));
  for (const WordFacts& word : list.words()) text += man_item(word.name, word.help);
  for (const OptionFacts& option : list.options()) text += man_item(left_of(option), help_of(option));
  return text;
}

// --- Markdown

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*') out += '\\';
    out += c;
  }
  return out;
}

std::string markdown_row(const std::string& left, const std::string& help) {
  std::string code;
  for (const char c : left) (c == '|' ? code += "\\|" : code += c);
  return fmt::format("| `{}` | {} |\n", code, cell(help));
}

std::string markdown_of(const Command& command) {
  const OptionList list(command);
  std::string text = fmt::format("\n## {}\n\n`{}`\n\n{}\n", command.name, usage_of(command, list), cell(command.summary));
  std::string rows;
  for (const WordFacts& word : list.words()) rows += markdown_row(word.name, word.help);
  for (const OptionFacts& option : list.options()) rows += markdown_row(left_of(option), help_of(option));
  return text + (rows.empty() ? "" : "\n| | |\n|---|---|\n" + rows);
}

}  // namespace

std::string manual_as_man(const std::vector<Command>& commands) {
  std::string text = ".TH MLPIPE 1 \"\" \"mlpipe " MLPIPE_VERSION "\" \"User Commands\"\n";
  text += ".SH NAME\nmlpipe \\- run Azure ML style pipelines on this machine\n";
  text += ".SH SYNOPSIS\n.B mlpipe\n\\fICOMMAND\\fR [\\fIoptions\\fR]\n";
  text += ".SH DESCRIPTION\nmlpipe runs the steps of a pipeline, described in pipeline.yaml, and reuses the results of those whose code, inputs and settings did not change.\n";
  text += ".SH COMMANDS\n";
  for (const Command& command : commands)
    if (!command.hidden) text += man_of(command);
  text += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_codes) text += man_item(code, meaning);
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : variables) text += man_item(name, meaning);
  return text + ".SH FILES\n" + man_item("pipeline.yaml, pipeline.yml", "the pipeline, unless -f names another file") +
         man_item(".mlpipe", "the store of runs and results, beside the pipeline; it may be deleted at any time") +
         man_item("mlpipe.local.yaml", "what on this machine stands for names of Azure's, beside the pipeline");
}

std::string manual_as_markdown(const std::vector<Command>& commands) {
  std::string text = "# Commands\n\nWritten by `scripts/docs` from what the program itself says (`mlpipe COMMAND --help`, `man mlpipe`).\n\n| | |\n|---|---|\n";
  for (const Command& command : commands)
    if (!command.hidden) text += fmt::format("| [`{}`](#{}) | {} |\n", command.name, command.name, cell(command.summary));
  for (const Command& command : commands)
    if (!command.hidden) text += markdown_of(command);
  text += "\n## Exit codes\n\n| | |\n|---|---|\n";
  for (const auto& [code, meaning] : exit_codes) text += fmt::format("| {} | {} |\n", code, cell(meaning));
  text += "\n## Environment variables\n\n| | |\n|---|---|\n";
  for (const auto& [name, meaning] : variables) text += markdown_row(name, meaning);
  return text;
}

}  // namespace mlpipe::cli
