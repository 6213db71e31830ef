#include "diagnose/evidence.h"

#include <algorithm>

#include "base/text.h"
#include "diagnose/python_source.h"
#include "diagnose/shell_command.h"

namespace mlpipe::diagnosis {
namespace {

std::string last_line_of(std::string_view text) {
  text = trim(text);
  return std::string(text.substr(text.rfind('\n') + 1));  // npos + 1: the text's beginning
}

// "cp" of "/bin/cp: cannot ...", "sh" of "/bin/sh: 1: cannot ...".
std::string_view speaker(std::string_view line) {
  const std::string_view name = line.substr(0, std::min(line.find(": "), line.size()));
  return name.substr(name.rfind('/') + 1);
}

}  // namespace

// Frames are indented; the exception's line is the first behind the heading that is not.
std::string raised_in(std::string_view text) {
  if (const auto heading = text.rfind("Traceback (most recent call last):"); heading != text.npos) text.remove_prefix(heading);
  for (const std::string_view line : split(text, '\n'))
    if (!trim(line).empty() && !line.starts_with(' ') && !line.starts_with("Traceback ")) return std::string(trim(line));
  return {};
}

std::string words_of(const Facts& facts) { return facts.error + "\n" + facts.traceback + "\n" + facts.output + "\n" + facts.printed; }

std::string last_line(const Facts& facts) {
  if (!failed(facts) || (!is_parallel(facts) && facts.exit_code == 0 && facts.signal == 0)) return {};
  for (const std::string& line : {raised_in(facts.traceback), last_line_of(facts.output), last_line_of(facts.printed)})
    if (!line.empty()) return line;
  return {};
}

std::string last_exception(const Facts& facts) {
  if (is_parallel(facts)) return failed(facts) ? raised_in(facts.traceback) : "";  // a worker that dies without one was not ended by Python
  return facts.exit_code == 1 ? last_line(facts) : "";
}

std::string last_complaint(const Facts& facts) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  const auto parts = command ? command_parts(command->text.written) : std::nullopt;
  const std::string line = parts ? last_line(facts) : "";
  if (line.empty() || !std::ranges::all_of(*parts, [](const CommandPart& part) { return part.behind.empty() || part.behind == "&&"; })) return {};
  const std::string_view name = speaker(line);
  const bool shell = name == "sh" || name == "dash" || name == "bash";
  return shell || std::ranges::any_of(*parts, [&](const CommandPart& part) { return speaker(part.word) == name; }) ? line : "";
}

std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 200;
  if (text.size() <= longest) return std::string(text);
  std::size_t end = longest;
  while (end > longest - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // inside a character of UTF-8
  return std::string(text.substr(0, end)) + "...";
}

std::string line_with(std::string_view text, std::string_view part) {
  const auto at = text.find(part);
  if (at == text.npos) return {};
  const auto start = text.substr(0, at).rfind('\n') + 1;  // npos + 1: the text's beginning
  return shortened(trim(text.substr(start, text.find('\n', at) - start)));
}

std::optional<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  const auto start = text.find(before);
  if (start == text.npos) return std::nullopt;
  text.remove_prefix(start + before.size());
  const auto end = text.find(after);
  if (end == text.npos) return std::nullopt;
  return std::string(text.substr(0, end));
}

Found found_at(const Facts::Source& source, std::size_t offset, std::string what) {
  const auto lines = std::count(source.text.begin(), source.text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
  return {std::move(what), source.path, 1 + static_cast<int>(lines)};
}

std::optional<Found> find_call(const Facts& facts, const std::vector<std::string>& names) {
  for (const Facts::Source& source : facts.sources)
    for (const std::string& name : names)
      if (const auto calls = python_calls({source.text, source.code}, name); !calls.empty()) return found_at(source, calls.front().offset, name);
  return std::nullopt;
}

std::vector<std::string> declared_options(const Facts& facts) {
  std::vector<std::string> options;
  for (const Facts::Source& source : facts.sources)
    for (const PythonCall& call : python_calls({source.text, source.code}, "add_argument"))
      for (const PythonPiece& argument : call.arguments) {
        const std::string_view word = trim(argument.text);
        if (word.size() < 4 || (word.front() != '"' && word.front() != '\'') || word[1] != '-') break;  // names come first
        if (word[2] == '-') options.emplace_back(word.substr(1, word.size() - 2));
      }
  return options;
}

}  // namespace mlpipe::diagnosis
