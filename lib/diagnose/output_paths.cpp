#include "diagnose/output_paths.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "base/text.h"
#include "diagnose/python_source.h"

namespace mlpipe::diagnosis {
namespace {

// A word of a script's command line.
struct Word {
  std::string text, output;  // of an output in it, the name
};

struct Words {
  std::vector<Word> all;
  bool open = false;  // the last may go on

  void add(const Template& source, bool cut) {
    for (const auto& part : source.parts) {
      if (const auto* reference = std::get_if<Reference>(&part)) add_to_last("", reference->kind == RefKind::output ? reference->name : "");
      else if (cut) add_cut(std::get<std::string>(part));
      else add_to_last(std::get<std::string>(part), "");
    }
    open = false;
  }

 private:
  void add_to_last(const std::string& text, const std::string& output) {
    if (!std::exchange(open, true)) all.emplace_back();
    all.back().text += text;
    if (!output.empty()) all.back().output = output;
  }
  // Quotes do not matter here, and what a shell would make of the rest is for it to know.
  void add_cut(const std::string& text) {
    for (const char c : text) {
      if (std::isspace(static_cast<unsigned char>(c)) != 0) open = false;
      else if (c == ';' || c == '&' || c == '|') open = false, add_to_last(std::string(1, c), ""), open = false;
      else if (c != '"' && c != '\'') add_to_last(std::string(1, c), "");
    }
  }
};

// The command line of the script, itself first; empty: there is none.
std::vector<Word> command_line(const Step& step) {
  Words words;
  if (const auto* command = std::get_if<Command>(&step.action)) {
    words.add(command->text, true);
    const auto script = std::ranges::find_if(words.all, [](const Word& word) { return word.text.ends_with(".py"); });
    const auto end = std::find_if(script, words.all.end(), [](const Word& word) { return word.text == ";" || word.text == "&" || word.text == "|"; });
    return {script, end};
  }
  const auto* script = std::get_if<Script>(&step.action);
  words.all.push_back({script ? script->name.value : step.parallel()->config.entry_script.value, ""});
  for (const Template& argument : script ? script->arguments : step.parallel()->arguments) words.add(argument, false);
  return words.all;
}

// Variables that hold what argparse read.
std::set<std::string> parsed_names(const Facts& facts) {
  std::set<std::string> names;
  for (const Facts::Source& source : facts.sources)
    for (const PythonPiece& statement : python_statements({source.text, source.code})) {
      const auto equals = statement.code.find('=');
      if (equals == statement.code.npos || !(has(statement.code, ".parse_args(") || has(statement.code, ".parse_known_args("))) continue;
      names.emplace(trim(split(statement.code.substr(0, equals), ',').front()));
    }
  return names;
}

// "--out-dir" is args.out_dir.
void add_parsed(std::set<std::string>& expressions, const std::set<std::string>& names, std::string option) {
  if (!option.starts_with("--")) return;
  option = option.substr(2, option.find('=') - 2);
  std::ranges::replace(option, '-', '_');
  for (const std::string& name : names)
    if (!name.empty() && !option.empty()) expressions.insert(name + "." + option);
}

// What stands for an output's path in scripts; of one output, or of any when `output` is empty.
std::set<std::string> expressions_of(const Facts& facts, const std::string& output) {
  const std::vector<Word> words = command_line(facts.step);
  const std::set<std::string> names = parsed_names(facts);
  std::set<std::string> expressions;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].output.empty() || (!output.empty() && words[i].output != output)) continue;
    if (!is_parallel(facts)) expressions.insert("sys.argv[" + std::to_string(i) + "]");  // a driver's flags come first there
    add_parsed(expressions, names, words[i].text.starts_with("--") ? words[i].text : words[i - 1].text);
  }
  return expressions;
}

bool mentions_any(std::string_view text, const std::set<std::string>& expressions) {
  return std::ranges::any_of(expressions, [&](const std::string& expression) { return mentions(text, expression); });
}

bool is_identifier(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// Variables of a file that are made of such an expression are others.
std::set<std::string> with_variables(const Facts::Source& source, std::set<std::string> expressions) {
  constexpr int rounds = 3;
  const auto statements = python_statements({source.text, source.code});
  for (int round = 0; round < rounds && !expressions.empty(); ++round)
    for (const PythonPiece& statement : statements) {
      const auto equals = statement.code.find('=');
      if (equals == statement.code.npos || !is_identifier(trim(statement.code.substr(0, equals)))) continue;
      if (mentions_any(statement.text.substr(equals), expressions)) expressions.emplace(trim(statement.code.substr(0, equals)));
    }
  return expressions;
}

// The mode that a call of open() gives; "r": none.
std::string open_mode(const PythonCall& call) {
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    std::string_view word = trim(call.arguments[i].text);
    const bool named = word.starts_with("mode");
    if (named) word = trim(word.substr(std::min(word.find('='), word.size() - 1) + 1));
    if ((i > 1 && !named) || word.size() < 3 || (word.front() != '"' && word.front() != '\'')) continue;
    return std::string(word.substr(1, word.size() - 2));
  }
  return "r";
}

// Calls that write a new file, by what names it.
std::vector<PythonCall> writing_calls(const Facts::Source& source) {
  std::vector<PythonCall> calls = python_calls({source.text, source.code}, ".to_csv");
  for (PythonCall& call : python_calls({source.text, source.code}, "open"))
    if (const std::string mode = open_mode(call); mode.starts_with('w') || mode.starts_with('x')) calls.push_back(std::move(call));
  std::erase_if(calls, [](const PythonCall& call) { return call.arguments.empty(); });
  return calls;
}

// A path and a name, put together.
bool is_joined(std::string_view argument) { return has(argument, "+") || has(argument, "/") || has(argument, "join("); }

}  // namespace

std::optional<Found> find_append_to_output(const Facts& facts) {
  const auto expressions = expressions_of(facts, "");
  for (const Facts::Source& source : facts.sources) {
    const auto all = with_variables(source, expressions);
    for (const PythonCall& call : python_calls({source.text, source.code}, "open"))
      if (open_mode(call).starts_with('a') && mentions_any(call.arguments.front().text, all)) return found_at(source, call.offset);
  }
  return std::nullopt;
}

std::optional<Found> find_only_writes_below(const Facts& facts, const std::string& output) {
  const auto expressions = expressions_of(facts, output);
  std::optional<Found> found;
  std::size_t writes = 0, uses = 0;
  for (const Facts::Source& source : facts.sources) {
    for (const std::string& expression : expressions) uses += count_mentions(source.text, expression);
    for (const PythonCall& call : writing_calls(source)) {
      const std::string_view path = call.arguments.front().text;
      if (!mentions_any(path, expressions) || !is_joined(path)) continue;
      for (const std::string& expression : expressions) writes += count_mentions(path, expression);
      if (!found) found = found_at(source, call.offset);
    }
  }
  return writes == uses ? found : std::nullopt;
}

}  // namespace mlpipe::diagnosis
