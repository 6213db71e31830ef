#include "diagnose/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/text.h"
#include "diagnose/python_source.h"
#include "diagnose/shell_command.h"

namespace mlpipe::diagnosis {
namespace {

std::string last_line_of(std::string_view text) {
  text = trim(text);
  return std::string(trim(text.substr(text.rfind('\n') + 1)));  // npos + 1: the text's beginning
}

// stderr, or else stdout.
std::string_view said(const Facts& facts) { return trim(facts.output).empty() ? facts.printed : facts.output; }

// Its last line follows an indented one, as that of an exception does.
bool ends_behind_a_frame(std::string_view text) {
  text = trim(text);
  const auto end = text.rfind('\n');
  if (end == text.npos) return false;
  const auto begin = text.substr(0, end).rfind('\n') + 1;  // npos + 1: the text's beginning
  return text.substr(begin).starts_with("  ");
}

// The last traceback was printed by what had caught it: its first frame is that of a function or of a thread, or has a `try` around it.
bool is_of_handler(const Facts& facts, std::string_view text) {
  const auto heading = text.rfind("Traceback (most recent call last):");
  if (heading == text.npos) return false;  // it was too long to be seen whole
  const std::string_view block = text.substr(heading);
  const auto raised = uncaught_in(block);
  if (raised.empty()) return !has(block, ", in _run_module_as_main\n");
  return std::ranges::any_of(facts.sources, [&](const Facts::Source& source) { return is_file_of(raised[0].file, source.path) && is_caught({source.text, source.code}, raised[0].line); });
}

// Tools that speak of files of this machine, and words of the shell.
bool is_local(const CommandPart& part) {
  constexpr std::array<std::string_view, 43> tools = {"cp", "mv", "rm", "mkdir", "rmdir", "touch", "cat", "tee", "ln", "ls", "find", "tar", "gzip", "gunzip", "zip", "unzip", "dd", "head", "tail", "sort", "uniq", "cut",
                                                      "sed", "awk", "grep", "wc", "install", "chmod", "chown", "du", "df", "split", "paste", "tr", "echo", "printf", "cd", "test", "[", "true", ":", "umask", "export"};
  return std::ranges::find(tools, speaker(part.word)) != tools.end();
}

}  // namespace

std::string_view speaker(std::string_view line) {
  const std::string_view name = line.substr(0, std::min(line.find(": "), line.size()));
  return name.substr(name.rfind('/') + 1);
}

// Frames are indented; the exception's line is the first behind the heading that is not.
std::string raised_in(std::string_view text) {
  if (const auto heading = text.rfind("Traceback (most recent call last):"); heading != text.npos) text.remove_prefix(heading);
  for (const std::string_view line : split(text, '\n'))
    if (!trim(line).empty() && !line.starts_with(' ') && !line.starts_with("Traceback ")) return std::string(trim(line));
  return {};
}

std::vector<Uncaught> uncaught_in(std::string_view text) {
  constexpr std::string_view heading = "Traceback (most recent call last):\n";
  std::vector<Uncaught> all;
  for (auto at = text.find(heading); at != text.npos; at = text.find(heading, at + 1)) {
    const std::string_view block = text.substr(at, text.find(heading, at + 1) - at);
    const std::string_view frame = block.substr(heading.size(), block.find('\n', heading.size()) - heading.size());
    const auto line = parse_integer(between(frame, "\", line ", ", in <module>").value_or(""));
    if (line) all.push_back({between(frame, "File \"", "\"").value_or(""), raised_in(block), static_cast<int>(*line)});
  }
  return all;
}

bool is_file_of(std::string_view printed, std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (printed.starts_with("./")) printed.remove_prefix(2);
  return !path.empty() && (printed == path || printed.ends_with("/" + std::string(path)));
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
  return facts.exit_code == 1 && ends_behind_a_frame(said(facts)) && !is_of_handler(facts, said(facts)) ? last_line(facts) : "";
}

int ending_signal(const Facts& facts) {
  constexpr std::array<std::pair<int, std::string_view>, 6> words = {
      {{SIGSEGV, "Segmentation fault"}, {SIGABRT, "Aborted"}, {SIGBUS, "Bus error"}, {SIGILL, "Illegal instruction"}, {SIGFPE, "Floating point exception"}, {SIGKILL, "Killed"}}};
  if (facts.signal != 0 || is_parallel(facts)) return facts.signal;
  const std::string line = last_line(facts);
  for (const auto& [signal, word] : words) {
    const bool by_bash = is_shell(speaker(line)) && has(line, fmt::format(" {} ", word));
    if (facts.exit_code == 128 + signal && (by_bash || line == word || line == fmt::format("{} (core dumped)", word))) return signal;
  }
  return 0;
}

std::string last_complaint(const Facts& facts) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  const auto parts = command ? command_parts(command->text.written) : std::nullopt;
  const std::string line = parts ? last_line(facts) : "";
  if (line.empty() || !std::ranges::all_of(*parts, [](const CommandPart& part) { return part.behind.empty() || part.behind == "&&"; })) return {};
  const std::string_view name = speaker(line);
  if (is_shell(name)) return std::ranges::all_of(*parts, is_local) ? line : "";
  return std::ranges::any_of(*parts, [&](const CommandPart& part) { return is_local(part) && speaker(part.word) == name; }) ? line : "";
}

std::string last_words(const Facts& facts) {
  if (last_line(facts).empty()) return {};
  const std::string_view text = facts.traceback.empty() ? said(facts) : std::string_view(facts.traceback);
  const auto heading = text.rfind("Traceback (most recent call last):");
  if (heading == text.npos) return std::string(text);
  const std::string raised = raised_in(text);
  return std::string(text.substr(std::min(text.find("\n" + raised, heading), text.size())));
}

bool was_writing(const Facts& facts) {
  const std::string_view text = facts.traceback.empty() ? said(facts) : std::string_view(facts.traceback);
  const auto heading = text.rfind("Traceback (most recent call last):");
  const std::string_view frames = text.substr(heading == text.npos ? 0 : heading);
  constexpr std::array<std::string_view, 16> words = {"in _execute_child", "os.exec", ", 'w", ", \"w", "='w", "=\"w", ", 'x", ", \"x", ", 'a", ", \"a", ".to_", "save", "dump", "write", "copy", "mkdir"};
  return std::ranges::any_of(words, [&](std::string_view word) { return has(frames, word); });
}

std::string own_error(const Facts& facts) { return failed(facts) && !has(facts.traceback, "Traceback (most recent call last):") ? facts.error : ""; }

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
