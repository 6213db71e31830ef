#include "report/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "events_of_a_run.h"
#include "support/temp_folder.h"

using namespace mlpipe;
using namespace mlpipe::test;
using Json = nlohmann::json;

namespace {

std::vector<Json> lines_of(const std::vector<Event>& events) {
  std::vector<Json> parsed;
  const auto sink = make_json_lines([&](std::string_view line) {
    CHECK(line.ends_with('\n'));
    parsed.push_back(Json::parse(line));
  });
  for (const Event& event : events) sink->on(event);
  return parsed;
}

}  // namespace

TEST_CASE("every event is one line of JSON with its schema and name") {
  StepEnded failed = ended("score", StepState::failed);
  failed.record.fingerprint = Digest{};
  failed.record.outputs = {{"model", Digest{}, "digits.pt", 1, 200}};
  failed.mini_batch = 3;
  failed.items = {"a.png"};
  failed.details = {"Traceback", "ValueError"};
  failed.published = {{"model", "/results"}};
  const auto lines = lines_of({run_started({"score"}), Notice{"", "note", "hint"}, StepWaiting{"score"}, StepStarted{"score", "r", "/logs", 1, true},
                               StepOutputText{"score", "process000", true, "two\nlines"}, StepProgress{"score", {12, 3, 1, 120, 30, 2, 2}},
                               StepRetried{"score", "exit code 1", 2}, failed, run_ended({StepState::failed})});
  std::vector<std::string> names;
  for (const Json& line : lines) {
    CHECK(line.at("schema") == 1);
    names.push_back(line.at("event"));
  }
  CHECK(names == std::vector<std::string>{"run_started", "notice", "step_waiting", "step_started", "step_output", "step_progress", "step_retried",
                                          "step_ended", "run_ended"});
  CHECK(lines[0]["run"]["id"] == "20261123-001530-123");
  CHECK(lines[4]["text"] == "two\nlines");
  CHECK(lines[4]["stream"] == "stderr");
  CHECK(lines[5]["progress"]["items_done"] == 30);
  CHECK(lines[7]["record"]["state"] == "failed");
  CHECK(lines[7]["record"]["fingerprint"] == std::string(64, '0'));
  CHECK(lines[7]["record"]["took"] == 1.24);
  CHECK(lines[7]["mini_batch"] == 3);
  CHECK(lines[7]["published"][0]["path"] == "/results");
  CHECK(lines[8]["run"]["steps"].size() == 1);
}

TEST_CASE("what a worker printed names its mini-batch; the mini-batches themselves are no lines") {
  EndedTry tried;
  tried.mini_batch = 7;
  const auto lines = lines_of({StepOutputText{"score", "process000", false, "x\n", 7}, MiniBatchEnded{"score", "process000", tried}, WorkerEnded{"score", "process000", {}, Seconds(1), "killed"}});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["mini_batch"] == 7);
  CHECK(lines[1]["event"] == "worker_ended");
  CHECK(lines[1]["cause"] == "killed");
  CHECK(Json::parse(to_json(Event(MiniBatchEnded{"score", "process000", tried})))["mini_batch"] == 7);
}

TEST_CASE("what was not known is null, not zero") {
  const auto lines = lines_of({ended("s", StepState::ran)});
  CHECK(lines[0]["mini_batch"].is_null());
  CHECK(lines[0]["record"]["fingerprint"].is_null());
}

TEST_CASE("text that is not UTF-8 is replaced, not thrown at anybody") {
  StepEnded event = ended("s\xff", StepState::failed);
  event.log = Path("/tmp/\xfe.txt");
  event.details = {"\xc3"};
  const auto lines = lines_of({StepOutputText{"s", "", false, "a\xff" "b\n"}, event});
  CHECK(lines[0]["text"] == "a\xEF\xBF\xBD" "b\n");
  CHECK(lines[1]["step"] == "s\xEF\xBF\xBD");
  CHECK(lines[1]["log"] == "/tmp/\xEF\xBF\xBD.txt");
}

TEST_CASE("a character that a read cut in two arrives whole") {
  const std::string euro = "€", text = "1 " + euro + "\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto lines = lines_of({StepOutputText{"s", "", false, text.substr(0, cut)}, StepOutputText{"s", "", false, text.substr(cut)}, StepWaiting{"s"}});
    std::string whole;
    for (const Json& line : lines) whole += line.value("text", "");
    CHECK(whole == text);
  }
  const auto unfinished = lines_of({StepOutputText{"s", "", false, "x" + euro.substr(0, 2)}, ended("s", StepState::ran)});
  REQUIRE(unfinished.size() == 3);
  CHECK(unfinished[0]["text"] == "x");
  CHECK(unfinished[1]["text"] == "\xEF\xBF\xBD");
  CHECK(unfinished[2]["event"] == "step_ended");
}

TEST_CASE("records, plans, diagnostics and facts are objects with a schema") {
  RunInfo run = run_ended({StepState::ran, StepState::reused}).info;
  run.header.id = "1";
  run.state = RunState::succeeded;
  CHECK(Json::parse(to_json(run))["state"] == "succeeded");
  CHECK(Json::parse(to_json(std::vector{run, run}))["runs"].size() == 2);
  CHECK(Json::parse(to_json(std::vector<RunInfo>()))["runs"].is_array());

  StepPlan plan{"train", StepPlan::Verdict::run, "parameter epochs: 20 -> 30", Digest{}, "", "", {{IngredientKind::parameter, "epochs", "", "20", "30"}}, {"w"}};
  const Json planned = Json::parse(to_json(std::vector{plan}));
  CHECK(planned["schema"] == 1);
  CHECK(planned["steps"][0]["verdict"] == "run");
  CHECK(planned["steps"][0]["changes"][0]["after"] == "30");

  const Json mistakes = Json::parse(to_json(std::vector<Diagnostic>{{Severity::warning, {"p.yaml", 3, 5, 2}, "odd", "even"}}));
  CHECK(mistakes["diagnostics"][0]["line"] == 3);
  CHECK(mistakes["diagnostics"][0]["severity"] == "warning");

  CHECK(Json::parse(to_json(std::vector<Fact>{{"cores", "2", "", true}}))["facts"][0]["value"] == "2");
}
