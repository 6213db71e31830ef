// Commands that a shell runs.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "diagnose/python_source.h"
#include "diagnose/shell_command.h"

namespace mlpipe::diagnosis {
namespace {

// The name in "sh: 1: foo: not found" or "bash: line 1: foo: command not found"; empty: that is no shell's line.
std::string command_not_found_in(std::string_view line) {
  for (const std::string_view end : {": command not found", ": not found"}) {
    if (!line.ends_with(end) || !(is_shell(speaker(line)) || speaker(line).ends_with(".sh"))) continue;
    line.remove_suffix(end.size());
    return std::string(line.substr(line.rfind(' ') + 1));
  }
  return {};
}

// A word of the command is this, or a file of this name: else a program that it runs may have asked a shell of its own, and gone on.
bool is_of_command(const Facts& facts, std::string_view name) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  const auto words = command ? command_words_in(command->text.written) : std::vector<std::string>();
  return std::ranges::any_of(words, [&](const std::string& word) { return word == name || speaker(word) == name; });
}

std::optional<Recognised> not_found(const Facts& facts) {
  if (!failed(facts) || facts.exit_code != 127) return std::nullopt;
  const std::string line = last_line(facts), name = command_not_found_in(line);
  if (name.empty() || !is_of_command(facts, is_shell(speaker(line)) ? name : std::string(speaker(line)))) return std::nullopt;
  if (has(name, "/"))
    return Recognised{fmt::format("`{}`, or the interpreter that its first line names, is not there", name), "look at the path, then at the file's first line: one that ends with CR LF names no program; `sh " + name + "` does without it"};
  return Recognised{fmt::format("the shell found no command `{}`", name), "install it, or put its folder on PATH before `mlpipe run`; a script beside the command is `./" + name + "` or `sh " + name + "`"};
}

// `;`, a line's end or `|` behind a part lets what follows decide how the command ended.
bool hides(const CommandPart& part) { return !part.behind.empty() && part.behind != "&&"; }

bool runs_python(const CommandPart& part) { return part.word.substr(part.word.rfind('/') + 1).starts_with("python") || part.word.ends_with(".py"); }

// A part that did not work although the command did, and the line that says so.
struct Hidden {
  CommandPart part;
  std::string complaint;
  bool uncaught = false;  // an exception
};

// The shell did not find it.
std::optional<Hidden> hidden_command(const std::vector<CommandPart>& parts, const std::string& output) {
  for (const std::string_view line : split(output, '\n')) {
    const std::string name = is_shell(speaker(trim(line))) ? command_not_found_in(trim(line)) : "";
    for (const CommandPart& part : parts)
      if (!name.empty() && part.word == name && hides(part)) return Hidden{part, shortened(trim(line))};
  }
  return std::nullopt;
}

// Python did not find its script, and said so in its own name.
std::optional<Hidden> hidden_script(const std::vector<CommandPart>& parts, std::string_view output) {
  for (std::string_view line : split(output, '\n')) {
    line = trim(line);
    const std::string file = speaker(line).starts_with("python") ? between(line, ": can't open file '", "': [Errno 2] ").value_or("") : "";
    for (const CommandPart& part : parts)
      if (!file.empty() && runs_python(part) && hides(part) && is_file_of(file, part.script)) return Hidden{part, shortened(line)};
  }
  return std::nullopt;
}

// A script of the command ended with an exception: the traceback begins in its own lines, and no block around them could have caught that.
std::optional<Hidden> hidden_uncaught(const Facts& facts, const std::vector<CommandPart>& parts) {
  // Behind `2>&1 |` it stands on stdout.
  for (const Uncaught& raised : uncaught_in(facts.output + "\n" + facts.printed))
    for (const CommandPart& part : parts)
      for (const Facts::Source& source : facts.sources)
        if (runs_python(part) && hides(part) && is_file_of(raised.file, part.script) && is_file_of(raised.file, source.path) && is_outside_try({source.text, source.code}, raised.line))
          return Hidden{part, shortened(raised.line_of_exception), true};
  return std::nullopt;
}

// An exception is the end of what was said, and no Python comes last that might have caught it and gone on.
std::optional<Hidden> hidden_exception(const std::vector<CommandPart>& parts, std::string_view output) {
  const std::string raised = raised_in(output);
  if (!has(output, "Traceback (most recent call last):") || raised.empty() || !trim(output).ends_with("\n" + raised)) return std::nullopt;
  const auto part = std::ranges::find_if(parts, [](const CommandPart& each) { return runs_python(each) && hides(each); });
  if (part == parts.end() || runs_python(parts.back())) return std::nullopt;
  return Hidden{*part, shortened(raised)};
}

std::optional<Hidden> hidden_part(const Facts& facts, const std::string& command) {
  const auto parts = command_parts(command);
  if (!parts) return std::nullopt;
  auto hidden = hidden_command(*parts, facts.output + "\n" + facts.printed);
  if (!hidden) hidden = hidden_script(*parts, facts.output);
  if (!hidden) hidden = hidden_uncaught(facts, *parts);
  if (!hidden && failed(facts)) hidden = hidden_exception(*parts, trim(facts.output).empty() ? facts.printed : facts.output);
  return hidden;
}

// It looks at exit codes, or has the shell do so.
bool decides_itself(const std::string& text) { return has(text, "$?") || has(text, "${?") || has(text, "PIPESTATUS") || has(text, "pipefail") || has(text, "set -") || has(text, "sh -e"); }

// A command that ended well as a whole.
std::optional<Recognised> hidden_failure(const Facts& facts) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  if (!command || before(facts) || facts.reused) return std::nullopt;
  if (failed(facts) && !has(facts.error, "it ended well but")) return std::nullopt;
  const std::string& text = command->text.written;
  if (decides_itself(text)) return std::nullopt;
  const auto hidden = hidden_part(facts, text);
  if (!hidden) return std::nullopt;
  const bool pipe = hidden->part.behind == "|";
  const std::string separator = hidden->part.behind == "\n" ? "a new line" : "`" + hidden->part.behind + "`";
  const std::string cause = hidden->uncaught ? fmt::format("a part of its command ended with a traceback ({}); what follows the {} hid its exit code", hidden->complaint, pipe ? "`|`" : separator == "a new line" ? "line" : separator)
                                             : fmt::format("a part of its command failed ({}), but {} hid that: the shell tells only how the last part ended", hidden->complaint, separator);
  return Recognised{cause,
                    pipe ? "without `| ...`, or with `set -o pipefail` in bash, the failure counts" : "join the parts with `&&`, or begin with `set -e;`: then the first failure ends the step"};
}

}  // namespace

Entries command_entries() {
  return {
      {"command-not-found", "A command that the shell does not find", "Exit code 127, and the shell named the command. A path that it names may be there: then the interpreter of the file's first line is not.", "`command not found`, exit code 127.",
       "install it, or put its folder on PATH: steps inherit that of the calling shell, with the chosen Python's folder before it.", not_found},
      {"hidden-failure", "`a; b` hid that `a` failed",
       "A shell's exit code is that of the last command. After `python train.py; cp model out` a crash of train.py looks like success when cp succeeds. Recognised where the shell says "
       "that it does not find what stands directly before `;`, `|` or a line's end, in a command that ended with 0, and where Python says so of its script. Also by the traceback of a script of the command whose first "
       "frame is a line of its own outside of any `try`: that ended it. Where an output is missing too, by a Python exception that is the last that was said, in a command "
       "whose last part is not Python. Commands with `||`, `if`, loops, `$(...)` may handle failures, and those with `$?` or `set` look for them, so of them nothing is said.",
       "nothing: the job is Completed, and a later step fails.", "`a && b`, or `set -e;` at the beginning; `set -o pipefail` for pipes (bash).", hidden_failure},
  };
}

}  // namespace mlpipe::diagnosis
