// Packages, resources and the cloud.
#include <csignal>

#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("a module that the step's Python does not have") {
  proves("module-missing", script("train.py"), [](Case& c) { c.fail("exit code 1", "ModuleNotFoundError: No module named 'lightgbm.basic'"); },
         {[](Case& c) { c.facts.output = "ImportError: cannot import name 'x' from 'lightgbm'"; }, nothing_failed, [](Case& c) { c.facts.output = "No module named anything"; }});
  Case named(script("train.py"));
  named.fail("exit code 1", "ModuleNotFoundError: No module named 'lightgbm'");
  named.facts.packages_declared = true;
  CHECK(named.only().hint.starts_with("add the package that has `lightgbm` to the file"));
  named.facts.named = {"lightgbm"};
  CHECK(named.only().hint.starts_with("`mlpipe env create`"));
  named.facts.paths = {"src/lightgbm.py"};
  CHECK(named.only().hint.find("PYTHONPATH") != std::string::npos);
}

TEST_CASE("a package that the environment's file does not name") {
  const auto given = [](Case& c) {
    c.facts.packages_declared = true;
    c.facts.unnamed_imports = {{"sklearn", "train.py", 3, "scikit-learn"}, {"yaml", "train.py", 4, ""}};
  };
  proves("package-not-named", script("train.py"), given, {[](Case& c) { c.facts.packages_declared = false; }, [](Case& c) { c.facts.unnamed_imports.clear(); }, nothing_failed});
  Case c(script("train.py"));
  given(c);
  CHECK(c.only().hint == "add to the file: scikit-learn, yaml");
}

TEST_CASE("the step's own limit") {
  const auto given = [](Case& c) {
    c.fail("ran longer than its timeout of 5 s");
    c.facts.kind = ErrorKind::timeout;
  };
  proves("step-timeout", command("sleep 9"), given, {[](Case& c) { c.facts.kind = ErrorKind::step_failed; }, [](Case& c) { c.facts.error = "exit code 1"; }, nothing_failed});
}

TEST_CASE("a try took too long: both limits") {
  const std::string error = "4 items failed, error_threshold allows 0: run() took longer than 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s): hung in score.py:3";
  proves("try-timeout", entry_script(), [&](Case& c) { c.fail(error); },
         {[](Case& c) { c.facts.error = "run() took longer than I like"; }, [](Case& c) { c.step() = command("x"); }, nothing_failed});
  Case c(entry_script());
  c.fail(error);
  CHECK(c.only().cause == "a try may take 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s); run() took longer and was killed, as Azure does at that sum");
}

TEST_CASE("out of memory: the kernel said so, or all of it was taken, or the exception says it") {
  const auto given = [](Case& c) {
    c.fail("killed by SIGKILL");
    c.facts.signal = SIGKILL;
    c.facts.peak_memory = 7900ull << 20;
    c.facts.memory_limit = 8000ull << 20;
  };
  proves("out-of-memory", command("x"), given,
         {[](Case& c) { c.facts.peak_memory = 100 << 20; }, [](Case& c) { c.facts.signal = SIGTERM; }, [](Case& c) { c.facts.kind = ErrorKind::timeout; }, nothing_failed});
  proves("out-of-memory", entry_script(), [](Case& c) { c.fail("x"); c.facts.traceback = "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 9 GiB"; },
         {[](Case& c) { c.facts.traceback = "class MemoryErrors: pass"; }, [](Case& c) { c.facts.traceback = ""; }, nothing_failed});
}

TEST_CASE("native code crashed") {
  proves("crashed", command("x"), [](Case& c) { c.fail("killed by SIGSEGV"); c.facts.signal = SIGSEGV; },
         {[](Case& c) { c.facts.signal = SIGKILL; }, [](Case& c) { c.facts.signal = 0; }, nothing_failed, [](Case& c) { c.facts.signal = SIGTERM; }});
}

TEST_CASE("killed by somebody else") {
  const auto given = [](Case& c) {
    c.fail("killed by SIGKILL");
    c.facts.signal = SIGKILL;
    c.facts.peak_memory = 10 << 20;
    c.facts.memory_limit = 8000ull << 20;
  };
  proves("killed", command("x"), given,
         {[](Case& c) { c.facts.out_of_memory = true; }, [](Case& c) { c.facts.signal = 0; }, [](Case& c) { c.facts.kind = ErrorKind::timeout; }, nothing_failed,
          [](Case& c) { c.facts.peak_memory = 7999ull << 20; }});
}

TEST_CASE("a token that may not manage the workspace") {
  for (const char* answer : {R"({"code":"Unauthorized","statusCode":401,"message":"...","details":[{"code":"InvalidOrExpiredToken"}]})",
                             "{\n  \"error\": {\n    \"code\": \"AuthenticationFailed\",\n    \"message\": \"x\"\n}"})
    proves("token-refused", script("train.py"), [&](Case& c) { c.fail("exit code 1", answer); },
           {[](Case& c) { c.facts.output = "<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request"; },
            [](Case& c) { c.facts.output = "401 Unauthorized"; }, nothing_failed});
}

TEST_CASE("a script that creates compute") {
  proves("makes-compute", script("train.py"), [](Case& c) { c.source("train.py", "import x\ntarget = ComputeTarget.create(ws, name, config)\n"); },
         {[](Case& c) { c.facts.sources[0].text = "# ComputeTarget.create(ws)\n"; }, [](Case& c) { c.facts.sources[0].text = "text = 'ComputeTarget.create(ws)'\n"; },
          [](Case& c) { c.facts.sources[0].path = "notes.txt"; }, nothing_failed});
}

TEST_CASE("an image for each environment, said once") {
  Step step = script("train.py");
  step.environment.emplace();
  step.environment->conda_file = "/p/b.yml";
  Pipeline pipeline;
  pipeline.dialect = Dialect::v2;
  Step first = step;
  first.name = "prep";
  first.environment->conda_file = "/p/a.yml";
  pipeline.steps = {first, step};
  const auto says = [&](std::size_t of) {
    const auto findings = diagnose(Facts{pipeline, pipeline.steps[of]});
    return !findings.empty() && findings[0].id == "image-builds";
  };
  CHECK(says(1));
  CHECK_FALSE(says(0));
  pipeline.dialect = Dialect::native;
  CHECK_FALSE(says(1));
  pipeline.dialect = Dialect::v2;
  pipeline.steps[0].environment->conda_file = "/p/b.yml";
  CHECK_FALSE(says(1));
  pipeline.steps[0].environment.reset();
  CHECK_FALSE(says(1));
}
