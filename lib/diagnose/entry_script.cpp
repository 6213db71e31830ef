// Python entry scripts of parallel steps.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "pipeline/driver_flags.h"

namespace mlpipe::diagnosis {
namespace {

bool is_entry_script(const Facts& facts) { return is_parallel(facts) && !facts.step.parallel()->config.model; }

// argparse ended the process and named a flag that every script gets.
std::optional<Recognised> parse_args(const Facts& facts) {
  if (!failed(facts) || !is_entry_script(facts)) return std::nullopt;
  const std::string unknown = between(words_of(facts) + "\n", "error: unrecognized arguments: ", "\n").value_or("");
  if (last_exception(facts) != "SystemExit: 2" || !has(facts.traceback, "in parse_args\n") || !has(unknown, "--client_sdk_version")) return std::nullopt;
  return Recognised{"its script reads its arguments with parse_args(), which ends the process at any that it does not know; the driver's own are among them, as in Azure",
                    "use parse_known_args() instead: args, _ = parser.parse_known_args()"};
}

// An option that argparse takes for a longer one of the script's.
struct Abbreviation {
  std::string given, option;
};

// What every script of a parallel step gets, beside flags that the spec sets.
std::vector<std::string> always_given(const Facts& facts) {
  std::vector<std::string> given = {"--client_sdk_version", "--scoring_module_name", "--mini_batch_size", "--error_threshold", "--output_action", "--logging_level",
                                    "--run_invocation_timeout", "--run_max_try", "--create_snapshot_at_runtime"};
  if (facts.step.parallel()->config.output_action == OutputAction::append_row) given.push_back("--append_row_file_name");
  if (!facts.step.outputs.empty()) given.push_back("--output");
  return given;
}

std::optional<Abbreviation> find_abbreviation(const Facts& facts) {
  if (std::ranges::any_of(facts.sources, [](const Facts::Source& source) { return has(source.code, "allow_abbrev"); })) return std::nullopt;
  const auto declared = declared_options(facts);
  for (const std::string& given : always_given(facts)) {
    if (std::ranges::find(declared, given) != declared.end()) continue;
    const auto longer = std::ranges::find_if(declared, [&](const std::string& option) { return option.starts_with(given); });
    if (longer != declared.end()) return Abbreviation{given, *longer};
  }
  return std::nullopt;
}

std::optional<Recognised> abbreviated(const Facts& facts) {
  if (!is_entry_script(facts)) return std::nullopt;
  const std::string words = words_of(facts);
  const std::string ambiguous = failed(facts) ? line_with(words, "error: ambiguous option: ") : "";
  if (!ambiguous.empty())
    return Recognised{"argparse takes an argument of the driver for a short form of the script's own: " + ambiguous, "ArgumentParser(allow_abbrev=False)"};
  if (!before(facts)) return std::nullopt;
  const auto found = find_abbreviation(facts);
  if (!found) return std::nullopt;
  return Recognised{fmt::format("argparse takes the driver's {} for a short form of the script's {}, which then has the driver's value", found->given, found->option),
                    fmt::format("ArgumentParser(allow_abbrev=False), or another name for {}", found->option)};
}

// The name of a flag that is given among the step's arguments, is one of the driver's that something obeys, and is declared by the script as its own.
std::optional<Recognised> reserved(const Facts& facts) {
  if (!is_entry_script(facts) || ended(facts)) return std::nullopt;
  const auto declared = declared_options(facts);
  for (const Template& argument : facts.step.parallel()->arguments) {
    const std::string word = argument.written.substr(0, argument.written.find('='));
    const DriverFlag* flag = find_driver_flag(word);
    if (!flag || flag->use != FlagUse::obeyed || std::ranges::find(declared, word) == declared.end()) continue;
    return Recognised{fmt::format("{} is a flag of Azure's parallel job driver: it changes how the step is run, besides being the script's own argument{}", word,
                                  flag->reserved ? ", and ParallelRunStep refuses it" : ""),
                      fmt::format("give the script's argument another name than {}", word)};
  }
  return std::nullopt;
}

std::optional<Recognised> returned_none(const Facts& facts) {
  if (!is_entry_script(facts) || !has(own_error(facts), "run() returned None (NoneType)")) return std::nullopt;
  return Recognised{"run() ended without a `return`, or returned None", "return a list or a pandas DataFrame with one element for each item that succeeded; [] when there is nothing to say, with output_action: summary_only"};
}

std::optional<Recognised> wrong_type(const Facts& facts) {
  if (!is_entry_script(facts)) return std::nullopt;
  const auto returned = between(own_error(facts), "run() returned ", ", not a list, a tuple or a pandas DataFrame");
  if (!returned || has(*returned, "(NoneType)") || has(*returned, "\n")) return std::nullopt;
  const bool text = returned->ends_with("(str)");
  return Recognised{fmt::format("run() has to return a list, a tuple or a pandas DataFrame, and it returned {}", *returned),
                    text ? "one text is one item: return [text for each item of the mini-batch]" : "return a list with one element for each item, or a pandas DataFrame"};
}

std::optional<Recognised> too_few(const Facts& facts) {
  if (!is_entry_script(facts)) return std::nullopt;
  const auto counts = between(own_error(facts), "run() returned ", " item");
  const auto middle = counts ? counts->find(" result") : std::string::npos;
  const auto last = counts ? counts->rfind(' ') : std::string::npos;
  if (middle == std::string::npos || !has(*counts, " for ")) return std::nullopt;
  const auto results = parse_integer(counts->substr(0, middle)), items = parse_integer(counts->substr(last + 1));
  if (!results || !items || *results >= *items) return std::nullopt;
  return Recognised{fmt::format("run() returned {} for {}: what is missing counts as failed items, as in Azure", plural(static_cast<std::size_t>(*results), "result"), plural(static_cast<std::size_t>(*items), "item")),
                    "return one element for each item, also for one that has nothing to say; error_threshold says how many may be missing"};
}

std::optional<Recognised> init_failed(const Facts& facts) {
  if (!failed(facts) || !is_entry_script(facts) || facts.mini_batch || !has(facts.error, "init() failed: ")) return std::nullopt;
  return Recognised{"init() failed in every worker that was started, so no mini-batch was tried", fmt::format("`mlpipe replay {} --mini-batch 0 --pdb` runs it in the foreground and stops at the exception", facts.step.name)};
}

}  // namespace

Entries entry_script_entries() {
  return {
      {"parse-args", "parse_args() and the driver's arguments",
       "sys.argv of an entry script holds the driver's own arguments too (`--client_sdk_version`, `--mini_batch_size`, ...). argparse's parse_args() ends the process with code 2 at the first "
       "that the script does not declare. Recognised by its message, which names them, and a traceback that ends in it.",
       "`SystemExit: 42`, or `SystemExit: 2` in logs/user/error.txt.", "`args, _ = parser.parse_known_args()`.", parse_args},
      {"abbreviated-argument", "An argument of the driver that argparse takes for the script's",
       "argparse accepts the beginning of an option's name for the whole. The driver gives `--output` and others; a script that declares `--output_format` but not `--output` gets the driver's value "
       "in it, or an error about an ambiguous option.",
       "nothing, or `error: ambiguous option`.", "`ArgumentParser(allow_abbrev=False)`, or other names.", abbreviated},
      {"reserved-argument", "A script's argument that is a flag of the driver",
       "The driver takes its flags out of the step's arguments, whoever they are for: a script with an option `--nice` of its own also changes the priority of its workers.",
       "`Parameter error: Reserved argument` when the step is made (v1).", "another name for the script's argument.", reserved},
      {"returned-none", "run() returned None", "A function without `return` gives None. mlpipe fails the try, as Azure's driver does.",
       "that run() should return an array, or `SystemExit: 42`.", "return a list with one element for each item.", returned_none},
      {"returned-wrong-type", "run() returned something that is no list",
       "Results are counted against items, so run() has to return a list, a tuple or a pandas DataFrame. mlpipe shows what it returned; numpy arrays, Series and generators, whose meaning is plain, are taken with a warning.",
       "`EntryScriptException: Entry script error. The run() method should return list or pandas.DataFrame`.", "`return [...]`, one element for each item.", wrong_type},
      {"returned-too-few", "run() returned fewer results than items", "Each item without a result is a failed item, and error_threshold says how many may be.",
       "`Error threshold reached`, or fewer rows than items.", "one element for each item; or `error_threshold: -1` where that is meant.", too_few},
      {"init-failed", "init() fails in every worker", "Nothing could be tried: what init() raised is the cause, and it is shown.", "`SystemExit: 42`; the exception is in logs/user/error.txt.",
       "`mlpipe replay STEP --mini-batch 0 --pdb` runs init() in the foreground.", init_failed, true},
  };
}

}  // namespace mlpipe::diagnosis
