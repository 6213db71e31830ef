// Packages, resources and the cloud.
#include <csignal>

#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("a module that the step's Python does not have") {
  proves("module-missing", script("train.py"), [](Case& c) { c.fail("exit code 1", raised("ModuleNotFoundError: No module named 'lightgbm'")); },
         {prints("ModuleNotFoundError: No module named 'apex'"), prints("Traceback (most recent call last):\n  File \"t.py\", line 4, in load\n    import apex\nModuleNotFoundError: No module named 'apex'"),
          [](Case& c) { c.facts.output.replace(c.facts.output.find("line 1"), 6, "line 2"), c.source("t.py", "try:\n  import lightgbm\nexcept ImportError:\n  traceback.print_exc()\n  sys.exit(1)\n"); },
          prints(raised("ModuleNotFoundError: No module named 'os.path.x'; 'os.path' is not a package")), prints("ImportError: cannot import name 'x' from 'lightgbm'"), prints("No module named anything"), [](Case& c) { c.miss("its output model was not written"); },
          prints("WARNING apex unavailable (ModuleNotFoundError: No module named 'apex'), falling back\nValueError: bad"), [](Case& c) { c.facts.exit_code = 3; },
          prints("Traceback (most recent call last):\nModuleNotFoundError: No module named 'apex'\nTraceback (most recent call last):\nKeyError: 'x'")});
}

TEST_CASE("a module that its package does not have") {
  Case c(script("train.py"));
  c.fail("exit code 1", raised("ModuleNotFoundError: No module named 'helper.sub'"));
  c.facts.paths = {"helper/__init__.py"};
  CHECK(c.only().cause.starts_with("the Python that ran the step has `helper`, but not `helper.sub`: "));
}

TEST_CASE("a missing module: whether the file asks for it, or it is the step's own") {
  Case named(script("train.py"));
  named.fail("exit code 1", raised("ModuleNotFoundError: No module named 'torch_geometric'"));
  named.facts.packages_declared = true;
  CHECK(named.only().cause == "the Python that ran the step has no `torch_geometric`");  // a package of another name may have it
  CHECK(named.only().hint.find("mlpipe env create") != std::string::npos);
  named.facts.named = {"torch-geometric"};
  CHECK(named.only().cause.starts_with("the environment's file asks for torch_geometric"));
  named.facts.paths = {"torch_geometric/", "torch_geometric/raw.bin"};
  CHECK(named.only().hint.find("PYTHONPATH") == std::string::npos);
  named.facts.paths = {"src/torch_geometric.py"};
  CHECK(named.only().hint.find("PYTHONPATH") != std::string::npos);
  named.facts.paths = {"lib/torch_geometric/__init__.py"};
  CHECK(named.only().hint.find("PYTHONPATH") != std::string::npos);
}

TEST_CASE("a package that the environment's file does not name") {
  const auto given = [](Case& c) {
    c.facts.packages_declared = true;
    c.facts.unnamed_imports = {{"sklearn", "train.py", 3, "scikit-learn"}, {"yaml", "train.py", 4, ""}};
  };
  // Which imports those are: tests/scenarios/test_diagnose.py.
  proves("package-not-named", script("train.py"), given,
         {[](Case& c) { c.facts.packages_declared = false; }, [](Case& c) { c.facts.unnamed_imports.clear(); }, [](Case& c) { c.fail("exit code 1", "KeyError: 'x'"); }});
  Case c(script("train.py"));
  given(c);
  CHECK(c.only().hint == "add to the file: scikit-learn, yaml");
}

TEST_CASE("the step's own limit") {
  const auto given = [](Case& c) {
    c.fail("ran longer than its timeout of 5 s", "", 0);
    c.facts.kind = ErrorKind::timeout;
  };
  proves("step-timeout", command("sleep 9"), given,
         {[](Case& c) { c.facts.kind = ErrorKind::step_failed; }, says_error("no mini-batch was finished for 10 min"), says_error("run() took longer than 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s)")});
}

TEST_CASE("a try took too long: both limits") {
  const std::string error = "4 items failed, error_threshold allows 0: run() took longer than 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s): hung in score.py:3";
  proves("try-timeout", entry_script(), [&](Case& c) { c.fail(error); },
         {says_error("run() took longer than I like"), [](Case& c) { c.step() = command("x"); }, says_error("ran longer than its timeout of 5 s"), says_error("no mini-batch was finished for 90 s (flag)")});
  Case c(entry_script());
  c.fail(error);
  CHECK(c.only().cause == "a try may take 90 s (run_invocation_timeout 60 s + task_overhead_timeout 30 s); run() took longer and was killed, as Azure does at that sum");
}

TEST_CASE("out of memory: the kernel said so, or all of it was taken") {
  const auto given = [](Case& c) {
    c.fail("killed by SIGKILL", "", 0);
    c.facts.signal = SIGKILL;
    c.facts.peak_memory = 7900ull << 20;
    c.facts.memory_limit = 8000ull << 20;
  };
  proves("out-of-memory", command("x"), given,
         {[](Case& c) { c.facts.peak_memory = 100 << 20; }, [](Case& c) { c.facts.signal = SIGTERM; }, [](Case& c) { c.facts.kind = ErrorKind::timeout; }});
}

TEST_CASE("out of memory: the exception that ended it says so") {
  proves("out-of-memory", entry_script(), [](Case& c) { c.fail("x"); c.facts.traceback = "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 9 GiB"; },
         {raises("class MemoryErrors: pass"), raises("ValueError: MemoryError: was logged"), raises(raised("ValueError: std::bad_alloc")), raises("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")});
  proves("out-of-memory", script("t.py"), [](Case& c) { c.fail("exit code 1", raised("MemoryError")); },
         {prints("MemoryError"), prints(raised("ValueError: MemoryError")), prints(raised("ValueError: cannot catch bad_alloc")), prints(raised("MemoryError") + raised("KeyError: 'x'")), prints("RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\nretrying with half\nKeyError: 'x'"), prints("MemoryError\nretrying with half\nValueError: bad"), [](Case& c) { c.facts.exit_code = 3; },
          [](Case& c) { c.miss("it does not meet `expect`: rows"); }, prints("the class MemoryError is documented")});
  Case crash(entry_script());
  crash.fail("worker process000 was killed by SIGSEGV", "MemoryError: logged, then a library crashed");
  CHECK(diagnose(crash.facts).empty());
  for (const char* last : {"RuntimeError: [enforce fail at alloc_cpu.cpp:83] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes", "MemoryError: std::bad_alloc"}) {
    Case c(script("t.py"));
    c.fail("exit code 1", raised(last));
    CHECK(c.only().cause == "it asked for more memory than it may have: " + std::string(last));
  }
  Case native(command("trainer"));
  native.fail("killed by SIGABRT", "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n", 0);
  native.facts.signal = SIGABRT;
  CHECK(native.only().id == "out-of-memory");
}

TEST_CASE("native code crashed") {
  proves("crashed", command("x"), [](Case& c) { c.fail("killed by SIGSEGV", "", 0); c.facts.signal = SIGSEGV; },
         {[](Case& c) { c.facts.signal = SIGKILL; }, [](Case& c) { c.facts.signal = SIGTERM; }, [](Case& c) { c.facts.signal = SIGINT; }});
  Case abort(command("x"));
  abort.fail("killed by SIGABRT", "", 0);
  abort.facts.signal = SIGABRT;
  CHECK(abort.only().cause.ends_with("or os.abort()"));
}

TEST_CASE("native code crashed below the shell of a command") {
  proves("crashed", command("python3 a.py"), [](Case& c) { c.fail("exit code 139", "loading\nSegmentation fault\n", 139); },
         {[](Case& c) { c.facts.exit_code = 1; }, prints("Segmentation fault\nis what I said"), prints("no Segmentation fault"), prints("Aborted"), prints("bash: line 1: Segmentation fault?")});
  Case bash(command("bash -c x"));
  bash.fail("exit code 134", "bash: line 1:   123 Aborted                 python3 a.py\n", 134);
  CHECK(bash.only().cause.ends_with("or os.abort()"));
}

TEST_CASE("killed by somebody else") {
  const auto given = [](Case& c) {
    c.fail("killed by SIGKILL", "", 0);
    c.facts.signal = SIGKILL;
    c.facts.peak_memory = 10 << 20;
    c.facts.memory_limit = 8000ull << 20;
  };
  proves("killed", command("x"), given,
         {[](Case& c) { c.facts.out_of_memory = true; }, [](Case& c) { c.facts.signal = SIGTERM; }, [](Case& c) { c.facts.kind = ErrorKind::timeout; }, [](Case& c) { c.facts.peak_memory = 7999ull << 20; }});
}

TEST_CASE("a token that may not manage the workspace") {
  for (const char* answer : {R"({"code":"Unauthorized","statusCode":401,"message":"...","details":[{"code":"InvalidOrExpiredToken"}]})",
                             "{\n  \"error\": {\n    \"code\": \"AuthenticationFailed\",\n    \"message\": \"x\"\n}"}) {
    const auto given = [&](Case& c) {
      c.source("train.py", "target = ComputeTarget.create(ws, name, config)\n");
      c.fail("exit code 1", answer);
    };
    proves("token-refused", script("train.py"), given,
           {prints(std::string(answer) + "\ngoing on without\n" + raised("KeyError: 'x'")), prints(std::string(answer) + "\ngiving up\n"), prints("<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the request"), prints("401 Unauthorized"), [](Case& c) { c.miss("it does not meet `expect`: rows"); },
            has_source("train.py", "blob.download_blob()  # a SAS that has expired\n"), has_source("train.py", "print('ComputeTarget.create(ws)')\n")});
  }
}

TEST_CASE("a script that creates compute") {
  proves("makes-compute", script("train.py"), has_source("train.py", "import x\ntarget = ComputeTarget.create(ws, name, config)\n"),
         {has_source("train.py", "# ComputeTarget.create(ws)\n"), has_source("train.py", "text = 'ComputeTarget.create(ws)'\n"), has_source("train.py", "target = MyComputeTarget.create(ws)\n"),
          has_source("train.py", "target = ComputeTarget(ws, name)\n")});
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
