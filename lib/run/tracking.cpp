#include "run/tracking.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>

#include "base/text.h"
#include "run/tracked_texts.h"
#include "system/blake3.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// mlflow takes letters, digits, - and _ for an id.
std::string experiment_id(const std::string& step) { return digest_of(step).hex().substr(0, 16); }

long long milliseconds(WallTime time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

// A text in YAML, on one line.
std::string yaml_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return out + "'";
}

constexpr const char* parts[] = {"metrics", "params", "tags", unplaced_folder.data()};

// All but artifacts, which are of no mini-batch, and may be large.
Status copy_parts(const Path& from, const Path& to) {
  for (const char* const part : parts) {
    if (!is_folder(from / part)) continue;
    MLPIPE_TRY_VOID(remove_tree(to / part));
    MLPIPE_TRY_VOID(make_dirs(to));
    MLPIPE_TRY_VOID(copy_tree(from / part, to / part));
  }
  return {};
}

}  // namespace

Path Tracking::experiment(const std::string& step) const { return folder_ / experiment_id(step); }

Status Tracking::make(const Path& experiment, const std::string& id, const RunHeader& run, const Step& step) const {
  MLPIPE_TRY_VOID(remove_tree(experiment));  // of a try before
  for (const char* part : {"metrics", "params", "tags", "artifacts"}) MLPIPE_TRY_VOID(make_dirs(experiment / id / part));
  const long long now = milliseconds(run.started);
  MLPIPE_TRY_VOID(write_file(experiment / "meta.yaml", fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: '{}'\nlast_update_time: {}\n"
                                                                   "lifecycle_stage: active\nname: {}\n",
                                                                   yaml_text("file://" + experiment.string()), now, experiment_id(step.name), now,
                                                                   yaml_text(run.pipeline + "/" + step.name))));
  MLPIPE_TRY_VOID(write_file(experiment / id / "tags" / "mlflow.runName", step.name));
  return write_file(experiment / id / "meta.yaml",
                    fmt::format("artifact_uri: {}\nend_time: null\nentry_point_name: ''\nexperiment_id: '{}'\nlifecycle_stage: active\nrun_id: {}\n"
                                "run_name: {}\nrun_uuid: {}\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: {}\nstatus: 1\n"
                                "tags: []\nuser_id: {}\n",
                                yaml_text("file://" + (experiment / id / "artifacts").string()), experiment_id(step.name), id, yaml_text(step.name), id, now,
                                yaml_text(run.user)));
}

Result<std::vector<std::string>> Tracking::variables(const RunHeader& run, const Step& step, const std::vector<std::string>& environment) const {
  if (environment_value(environment, "MLFLOW_TRACKING_URI")) return std::vector<std::string>{"MLPIPE_STAND_INS=" + notes_.string()};
  const std::string id = own_run(step.name);
  MLPIPE_TRY_VOID(make(experiment(step.name), id, run, step));
  return std::vector<std::string>{"MLFLOW_TRACKING_URI=file://" + folder_.string(), "MLFLOW_EXPERIMENT_ID=" + experiment_id(step.name), "MLFLOW_RUN_ID=" + id,
                                  "MLFLOW_ALLOW_FILE_STORE=true", "MLPIPE_STAND_INS=" + notes_.string()};
}

std::string Tracking::own_run(const std::string& step) const { return run_.filename().string() + "-" + experiment_id(step); }

MetricSeries Tracking::series(const std::string& step) const { return read_metrics(experiment(step), experiment_id(step)); }

void Tracking::edit_texts(const std::string& step, const std::vector<StreamEditor::Replacement>& replacements) const {
  edit_tracked_texts(experiment(step), replacements);
}

Status Tracking::take_over(const Tracking& earlier, const std::string& step) const {
  const Path from = earlier.experiment(step), to = experiment(step);
  const auto names = list_folder(from);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const std::string taken_as = name == earlier.own_run(step) ? own_run(step) : name;
    MLPIPE_TRY_VOID(copy_parts(from / name, to / taken_as));
    if (name != taken_as || !is_file(from / name / "meta.yaml")) continue;
    MLPIPE_TRY_VOID(make_dirs(to / name));
    MLPIPE_TRY_VOID(clone_file(from / name / "meta.yaml", to / name / "meta.yaml"));
  }
  const auto models = list_folder(from / "models");
  for (const std::string& model : models ? *models : std::vector<std::string>()) MLPIPE_TRY_VOID(copy_parts(from / "models" / model, to / "models" / model));
  return is_file(from / tries_file) ? clone_file(from / tries_file, to / tries_file) : Status();
}

Status Tracking::go_on(const Path& state, const std::string& step) const {
  if (!is_folder(experiment(step))) return {};
  const Path note = state / "tracked-in";
  const auto earlier = read_file(note);
  if (earlier && Path(*earlier).filename() == *earlier && *earlier != run_.filename())
    MLPIPE_TRY_VOID(take_over(Tracking(run_.parent_path() / *earlier), step));
  return write_file(note, run_.filename().string());
}

// Without a file nobody has tracked anything inside of run().
void Tracking::try_failed(const std::string& step, std::uint64_t mini_batch, std::uint32_t attempt) const {
  const Path path = experiment(step) / tries_file;
  if (const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC); fd >= 0)
    (void)write_all(Fd(fd).get(), failed_try_line(own_run(step), mini_batch, attempt), path);
}

// As mlflow tells it: of the highest step, then the latest.
std::map<std::string, double> Tracking::metrics(const Step& step) const {
  std::map<std::string, double> last;
  for (const auto& [name, points] : series(step.name)) last.emplace(name, points.back().value);
  return last;
}

std::vector<std::string> Tracking::stand_ins() const {
  auto names = list_folder(notes_);
  return names ? names.take() : std::vector<std::string>();
}

}  // namespace mlpipe
