#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/chosen_run.h"
#include "cli/option_list.h"
#include "cli/spec_arguments.h"
#include "report/terminal_text.h"
#include "report/wording.h"
#include "spec/reading/readers.h"

namespace mlpipe::cli {
namespace {

constexpr std::size_t most_runs = 20;

// The pipeline and its runs, read when they are asked for.
class Surroundings {
 public:
  explicit Surroundings(Place place) : place_(std::move(place)) {}

  // Nothing: there is none, or it has mistakes.
  const Pipeline* pipeline() {
    if (std::exchange(looked_, true)) return pipeline_ ? &*pipeline_ : nullptr;
    if (const auto spec = place_.spec()) pipeline_ = spec::load(*spec).pipeline;
    return pipeline_ ? &*pipeline_ : nullptr;
  }

  std::vector<RunInfo> runs(std::size_t most) const {
    const auto spec = place_.spec_if_any();
    const auto store = place_.open_store(Store::Access::read);
    auto runs = store ? read_runs(*store, spec ? *spec : std::nullopt, most) : Result<std::vector<RunInfo>>(Error{});
    return runs ? runs.take() : std::vector<RunInfo>();
  }

  // With a spec that has mistakes, those of the latest run.
  std::vector<Candidate> steps() {
    std::vector<Candidate> steps;
    if (const Pipeline* read = pipeline()) {
      for (const Step& step : read->steps) steps.push_back({step.name, step.description});
      return steps;
    }
    for (const RunInfo& run : runs(1))
      for (const StepRecord& record : run.steps) steps.push_back({record.step, ""});
    return steps;
  }

 private:
  Place place_;
  bool looked_ = false;
  std::optional<Pipeline> pipeline_;
};

std::vector<Candidate> outputs(Surroundings& around) {
  std::vector<Candidate> outputs;
  const Pipeline* pipeline = around.pipeline();
  for (const Step& step : pipeline ? pipeline->steps : std::vector<Step>())
    for (const StepOutput& output : step.outputs) outputs.push_back({step.name + "." + output.name, ""});
  return outputs;
}

std::vector<Candidate> parameters(Surroundings& around) {
  std::vector<Candidate> names;
  const Pipeline* pipeline = around.pipeline();
  for (const Parameter& parameter : pipeline ? pipeline->parameters : std::vector<Parameter>()) names.push_back({parameter.name + "=", parameter.value});
  return names;
}

std::vector<Candidate> inputs(Surroundings& around) {
  std::vector<Candidate> names;
  const Pipeline* pipeline = around.pipeline();
  for (const PipelineInput& input : pipeline ? pipeline->inputs : std::vector<PipelineInput>())
    if (!input.written.empty()) names.push_back({input.name + "=", input.written});
  return names;
}

std::vector<Candidate> runs(const Surroundings& around) {
  std::vector<Candidate> ids{{"latest", ""}};
  for (const RunInfo& run : around.runs(most_runs)) ids.push_back({run.header.id, fmt::format("{}: {}", name_of(run.state), count_states(run.steps))});
  return ids;
}

std::vector<Candidate> settings(Surroundings& around) {
  std::vector<Candidate> keys;
  for (const Candidate& step : around.steps()) {
    const Pipeline* pipeline = around.pipeline();
    const auto found = std::find_if(pipeline->steps.begin(), pipeline->steps.end(), [&](const Step& one) { return one.name == step.word; });
    if (found == pipeline->steps.end() || !found->parallel()) keys.push_back({step.word + ".", ""});
    else for (const std::string& key : spec::parallel_keys()) keys.push_back({fmt::format("{}.{}=", step.word, key), ""});
  }
  return keys;
}

// "stats, export or import" of a help text.
std::vector<Candidate> words_in(const std::string& help) {
  std::vector<Candidate> words;
  const std::string list = help.substr(0, help.find_first_of(":;("));
  for (const std::string_view part : split(list, ' ')) {
    const std::string word(part.substr(0, part.find(',')));
    if (word != "or" && !word.empty()) words.push_back({word, ""});
  }
  return words;
}

bool is_literal(const std::string& placeholder) { return !placeholder.empty() && placeholder == lower(placeholder); }

std::vector<Candidate> with_end(std::vector<Candidate> candidates, const char* end) {
  for (Candidate& one : candidates) one.word += end;
  return candidates;
}

// What a placeholder stands for: the help says NAME of nothing else than names of that kind.
Completion of_kind(const std::string& placeholder, const std::string& help, Surroundings& around) {
  if (placeholder == "STEP") return {around.steps()};
  if (placeholder == "STEP.NAME") return {outputs(around)};
  if (placeholder == "STEP.KEY=VALUE" && around.pipeline()) return {settings(around)};
  if (placeholder == "STEP=DIR") return {with_end(around.steps(), "="), Completion::Files::folders};
  if (placeholder == "NAME=VALUE") return {parameters(around)};
  if (placeholder == "NAME=PATH") return {inputs(around), Completion::Files::files};
  if (placeholder == "ID" || placeholder == "RUN" || placeholder == "A" || placeholder == "B") return {runs(around)};
  if (placeholder == "DIR") return {{}, Completion::Files::folders};
  if (placeholder == "SPEC" || placeholder == "FILE" || placeholder == "MODEL") return {{}, Completion::Files::files};
  if (placeholder == "ACTION" || placeholder == "FORMAT" || placeholder == "SHELL") return {words_in(help)};
  if (is_literal(placeholder)) return {{{placeholder, ""}}};
  return {};
}

// How far a command line has come.
struct Progress {
  Place place;                           // as far as it is said
  const OptionFacts* waiting = nullptr;  // for its value
  std::size_t words = 0;
  bool options_may_come = true;
};

void note(Place& place, const std::string& option, const std::string& value) {
  if (option == "-f" || option == "--file") place.file = value;
  if (option == "--store") place.store_option = value;
}

Progress read_line(const OptionList& list, const std::vector<std::string>& words) {
  Progress line;
  std::string option;
  for (const std::string& word : words) {
    if (line.waiting && !(line.waiting->value_may_lack && word.starts_with('-'))) {
      note(line.place, option, word);
      line.waiting = nullptr;
    } else if (line.options_may_come && word == "--") {
      line.options_may_come = false;
    } else if (line.options_may_come && word.size() > 1 && word[0] == '-') {
      const auto equals = word.find('=');
      option = word.substr(0, equals);
      const OptionFacts* found = list.find(option);
      line.waiting = found && !found->placeholder.empty() && equals == word.npos ? found : nullptr;
      if (equals != word.npos) note(line.place, option, word.substr(equals + 1));
    } else {
      if (line.words < list.words().size() && list.words()[line.words].name == "SPEC") line.place.file = word;
      ++line.words;
    }
  }
  return line;
}

std::vector<Candidate> option_names(const OptionList& list) {
  std::vector<Candidate> names{{"--help", "this command's options"}};
  for (const OptionFacts& option : list.options())
    for (const std::string& name : option.names)
      if (name.starts_with("--") || option.names.size() == 1) names.push_back({name, option.help});
  return names;
}

Completion of_command(const OptionList& list, const std::vector<std::string>& before, const std::string& typed) {
  const Progress line = read_line(list, before);
  Surroundings around(line.place);
  if (line.waiting) return of_kind(line.waiting->placeholder, line.waiting->help, around);
  if (const auto equals = typed.find('='); line.options_may_come && typed.starts_with("--") && equals != typed.npos) {
    const OptionFacts* option = list.find(typed.substr(0, equals));
    Completion values = option ? of_kind(option->placeholder, option->help, around) : Completion();
    for (Candidate& one : values.candidates) one.word = typed.substr(0, equals + 1) + one.word;
    return values;
  }
  if (line.options_may_come && typed.starts_with('-')) return {option_names(list)};
  const auto& wanted = list.words();
  if (wanted.empty() || (line.words >= wanted.size() && !wanted.back().repeated)) return {};
  const WordFacts& word = wanted[std::min(line.words, wanted.size() - 1)];
  return of_kind(word.name, word.help, around);
}

}  // namespace

Completion complete(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  const std::string typed = words.empty() ? "" : words.back();
  Completion completion;
  const bool at_command = words.size() <= 1 || (words.size() == 2 && words[0] == "help");
  if (at_command) {
    for (const Command& command : commands)
      if (!command.hidden) completion.candidates.push_back({command.name, command.summary});
    if (words.size() <= 1) completion.candidates.push_back({"help", "a command's options"});
  } else {
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& command) { return command.name == words[0]; });
    if (found != commands.end()) completion = of_command(OptionList(*found), {words.begin() + 1, words.end() - 1}, typed);
  }
  std::erase_if(completion.candidates, [&](const Candidate& one) { return !one.word.starts_with(typed); });
  return completion;
}

std::string completion_lines(const Completion& completion) {
  std::string lines;
  for (const Candidate& one : completion.candidates) {
    std::string about = harmless(one.about);
    std::replace(about.begin(), about.end(), '\t', ' ');
    lines += fmt::format("{}\t{}\n", one.word, about);
  }
  if (completion.files == Completion::Files::files) lines += ":files\n";
  if (completion.files == Completion::Files::folders) lines += ":folders\n";
  return lines;
}

}  // namespace mlpipe::cli
