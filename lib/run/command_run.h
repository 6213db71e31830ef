// A step that is a command or a Python script: up to 1 + retries tries of one process group.
#pragma once

#include "run/command_group.h"
#include "run/step_run.h"

namespace mlpipe {

// What a step that is no parallel one runs. Error: it is a script and there is no Python.
Result<std::vector<std::string>> command_words(const Step& step, const StepDescription& description);

class CommandRun final : public StepRun {
 public:
  using StepRun::StepRun;

  void stop(ErrorKind kind) override;
  void kill(ErrorKind kind) override;
  std::vector<pid_t> processes() const override { return task_ ? task_->processes() : std::vector<pid_t>(); }

 private:
  Status start_work() override;
  Result<Path> outputs_folder() override;
  Path kept_outputs() override;
  std::vector<CommandSpec> commands(const std::vector<std::string>& words, const std::vector<std::vector<std::string>>& ranks) const;
  void on_text(std::size_t rank, bool is_stderr, std::string_view text);
  std::string rank_name(std::size_t rank) const;  // empty for a step of one process
  void flush_text();
  void tried(std::size_t rank, const CommandEnd& end);
  void try_again(const std::string& cause);
  void add_facts(const CommandEnd& end);
  void give_up(const CommandEnd& end, const std::string& cause);

  struct Editors {  // of one process
    StreamEditor out, err;
    std::string out_tail{}, err_tail{};  // what a failure shows
  };

  std::unique_ptr<CommandGroup> task_;
  ErrorKind stop_kind_ = ErrorKind::interrupted;
  std::vector<Editors> editors_;  // by rank
  std::size_t failed_rank_ = 0;   // that failed first
  std::uint64_t printed_ = 0;     // bytes
  std::uint64_t oom_kills_ = 0;   // of the machine, when it began
};

}  // namespace mlpipe
