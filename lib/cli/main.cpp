#include <fmt/format.h>

#include <csignal>

#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/options.h"
#include "cli/streams.h"
#include "worker/model_bench.h"
#include "worker/native_replay.h"
#include "worker/scoring_server.h"

namespace mlpipe::cli {
namespace {

std::string overview() {
  std::string text = "usage: mlpipe COMMAND [options]\n\nruns Azure ML style pipelines on this machine\n\n";
  for (const Command& command : commands())
    if (!command.hidden) text += fmt::format("  {:<10}  {}\n", command.name, command.summary);
  return text + "\nmlpipe COMMAND --help lists a command's options; mlpipe --version says which mlpipe this is\n";
}

int show(const Error& error) {
  tell(error);
  return exit_code(error.kind);
}

int show_text(const std::string& text) {
  const auto printed = print(text);
  return printed ? 0 : show(printed.error());
}

Error unknown_command(const std::string& name, const std::vector<Command>& all) {
  std::vector<std::string> names;
  for (const Command& command : all) names.push_back(command.name);
  return {ErrorKind::usage, fmt::format("unknown command `{}`", name), suggestion(name, names)};
}

int run_command_line(const Command& command, const std::vector<std::string>& words) {
  const auto line = make_command_line(command.name, command.summary);
  const auto action = command.declare(*line);
  const auto parsed = line->parse(words);
  if (!parsed) return show(parsed.error());
  if (*parsed == CommandLine::Parsed::help) return show_text(line->help());
  const auto code = action();
  return code ? *code : show(code.error());
}

int dispatch(std::string name, std::vector<std::string> words) {
  if (name == "--version" || name == "-V") return show_text("mlpipe " MLPIPE_VERSION "\n");
  if (name == "help" && !words.empty()) {
    name = words.front();
    words = {"--help"};
  }
  if (name == "help" || name == "--help" || name == "-h") return show_text(overview());
  const auto all = commands();
  if (name == complete_command) return show_text(completion_lines(complete(all, words)));
  for (const Command& command : all)
    if (command.name == name) return run_command_line(command, words);
  return show(unknown_command(name, all));
}

}  // namespace

std::vector<Command> commands() {
  return {run_command(),   plan_command(),   why_command(),   diagnose_command(),  validate_command(), runs_command(),   show_command(),
          output_command(), logs_command(),   metrics_command(), report_command(), graph_command(), diff_command(),  rerun_command(),    clone_command(),  replay_command(),
          debug_command(),  export_command(), convert_command(), cache_command(),  gc_command(),    env_command(),
          bench_model_command(), init_command(),   doctor_command(),   schema_command(), completion_command(), man_command()};
}

int main(int argc, const char* const* argv) {
  ensure_standard_descriptors();
  if (argc == 2 && argv[1] == std::string_view(scoring_server_command)) return scoring_server_main();
  if (argc == 5 && argv[1] == std::string_view(native_replay_command)) return native_replay_main(argv[2], argv[3], argv[4]);
  if (argc == 4 && argv[1] == std::string_view(model_bench_command)) return model_bench_main(argv[2], argv[3]);
  // A reader that goes away, or a file that may not grow, is noticed by write; children get the defaults back.
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
  if (argc < 2) {
    tell(overview());
    return exit_code(ErrorKind::usage);
  }
  return dispatch(argv[1], {argv + 2, argv + argc});
}

}  // namespace mlpipe::cli
