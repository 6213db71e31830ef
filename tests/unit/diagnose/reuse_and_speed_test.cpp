#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("reuse is switched off") {
  Step step = command("x");
  step.allow_reuse = false;
  // That nothing had changed: tests/scenarios/test_diagnose.py.
  proves("reuse-off", step, [](Case& c) { c.end(); c.facts.ran_for_want_of_reuse = true; },
         {[](Case& c) { c.facts.ran_for_want_of_reuse = false; }, [](Case& c) { c.step().allow_reuse = true; }, [](Case& c) { c.fail("exit code 1"); }});
}

TEST_CASE("it ran for another step's code") {
  Pipeline pipeline;
  pipeline.steps = {script("train.py"), script("prep.py")};
  pipeline.steps[1].name = "prep";
  const auto says = [&](const std::function<void(Facts&)>& change) {
    Facts facts{pipeline, pipeline.steps[0]};
    facts.moment = Facts::Moment::ended;
    facts.changed_code = {"prep.py"};
    facts.paths = {"config.json", "prep.py", "run.sh", "train.py"};
    facts.sources = {{"train.py", "import numpy\n", "import numpy\n"}};
    change(facts);
    const auto findings = diagnose(facts);
    return !findings.empty() && findings[0].id == "shared-source";
  };
  CHECK(says([](Facts&) {}));
  CHECK_FALSE(says([](Facts& facts) { facts.sources[0].text = "run_path('prep.py')\n"; }));
  CHECK_FALSE(says([](Facts& facts) { facts.sources.push_back({"prep.py", "import numpy\n", ""}); }));
  CHECK_FALSE(says([](Facts& facts) { facts.changed_code.push_back("train.py"); }));
  CHECK_FALSE(says([](Facts& facts) { facts.changed_code = {"settings.json"}; }));
  CHECK_FALSE(says([](Facts& facts) { facts.sources.clear(); }));  // not known what it runs
  const auto runs = [&](const std::string& text) {
    pipeline.steps[0].action = command(text).action;
    return says([](Facts&) {});
  };
  CHECK(runs("python train.py"));
  CHECK_FALSE(runs("sh run.sh && python train.py"));
  CHECK_FALSE(runs("python train.py --config ./config.json"));
  pipeline.steps[0] = script("train.py");
  pipeline.steps[1].source_place = "/project/prep";
  CHECK_FALSE(says([](Facts&) {}));
}

TEST_CASE("data behind a URL has changed") {
  proves("url-changed", command("x"), [](Case& c) { c.end(); c.facts.changed_downloads = {{"raw", "https://h/x.csv", "it had 10 bytes and has 20 now"}}; },
         {[](Case& c) { c.facts.changed_downloads.clear(); }, [](Case& c) { c.facts.moment = Moment::before; }, [](Case& c) { c.fail("exit code 1"); }});
}

// What ignore files leave out is not among the paths: tests/unit/run/step_facts_test.cpp.
TEST_CASE("droppings among the code") {
  const auto holds = [](std::vector<std::string> paths) { return [paths](Case& c) { c.facts.paths = paths; }; };
  proves("source-droppings", command("x"), holds({"env/", "env/pyvenv.cfg", "train.py"}), {holds({"env/", "env/settings.cfg"}), holds({"env.py", "pyvenv.cfg.txt"}), holds({"venv/", "venv/bin/python"})});
  proves("source-droppings", command("x"), holds({"nb/", "nb/.ipynb_checkpoints/"}), {holds({"nb/", "nb/a.ipynb"}), holds({".ipynb_checkpoints"}), holds({"my.ipynb_checkpoints/"})});
}

TEST_CASE("many small appends to a mounted output") {
  Step step = script("train.py");
  step.outputs = {output("log")};
  std::get<Script>(step.action).arguments = {path_of_output("log"), word("/tmp")};
  const auto given = [](Case& c) {
    c.end();
    c.facts.writes = 5000;
    c.facts.written_bytes = 200000;
    c.source("train.py", "log = os.path.join(sys.argv[1], 'loss.csv')\nfor epoch in epochs:\n    with open(log, 'a') as file: file.write(line)\n");
  };
  const auto writes = [](const std::string& text) { return has_source("train.py", text); };
  proves("small-appends", step, given,
         {[](Case& c) { c.facts.writes = 50; }, [](Case& c) { c.facts.written_bytes = 500 << 20; }, [](Case& c) { c.facts.printed_bytes = 190000; }, [](Case& c) { c.step().outputs[0].mode = "upload"; },
          writes("log = sys.argv[1]\n# open(log, 'a')\nopen(log, 'w')\n"), writes("open('loss.csv', 'a')\nshutil.copy('loss.csv', sys.argv[1])\n"), writes("open(sys.argv[2] + '/x', 'a')\n"),
          writes("open(sys.argv[10], 'a')\n")});
  for (const char* text : {"args = p.parse_args()\nopen(f'{args.log}/x', mode='a')\n", "opts, _ = p.parse_known_args()\nopen(opts.log + '/x', \"ab\")\n"}) {
    Case c(step);
    given(c);
    std::get<Script>(c.step().action).arguments = {word("--log"), path_of_output("log")};
    c.source("train.py", text);
    CHECK(c.says("small-appends"));
  }
  Step shell = command("");
  shell.outputs = step.outputs;
  std::get<Command>(shell.action).text.parts = {"cd x; python train.py -v '", Reference{RefKind::output, "log", "", {}}, "/x.csv' && ls"};
  Case c(shell);
  given(c);
  c.source("train.py", "open(sys.argv[2], 'a')\n");
  CHECK(c.says("small-appends"));
  c.source("train.py", "open(sys.argv[1], 'a')\n");
  CHECK_FALSE(c.says("small-appends"));
}

TEST_CASE("more threads than cores") {
  Step step = entry_script();
  step.environment_variables["OMP_NUM_THREADS"] = word("4");
  const auto given = [](Case& c) { c.facts.workers = c.facts.cores = 4; };
  proves("oversubscribed-threads", step, given,
         {[](Case& c) { c.step().environment_variables["OMP_NUM_THREADS"] = word("1"); }, [](Case& c) { c.facts.cores = 16; }, [](Case& c) { c.facts.workers = 1; },
          [](Case& c) { c.step().environment_variables.clear(); }});
  proves("oversubscribed-threads", entry_script(), [](Case& c) { c.facts.workers = c.facts.cores = 2; c.source("score.py", "torch.set_num_threads(2)\n"); },
         {has_source("score.py", "# torch.set_num_threads(2)\n"), has_source("score.py", "torch.set_num_threads(1)\n"), has_source("score.py", "torch.set_num_threads(threads)\n")});
}

TEST_CASE("tiny mini-batches: the overhead and a better size") {
  Step step = entry_script();
  std::get<Parallel>(step.action).config.mini_batch_size = {1, true};
  const auto given = [](Case& c) {
    c.end();
    c.facts.took = Seconds(20);
    c.facts.workers = 2;
    c.facts.mini_batches = c.facts.items = 100000;
    c.facts.starting = Seconds(1);
    c.facts.running = Seconds(9);
    c.facts.handing = Seconds(30);
  };
  proves("tiny-mini-batches", step, given,
         {[](Case& c) { c.facts.running = Seconds(31); }, [](Case& c) { c.facts.took = Seconds(2); }, [](Case& c) { c.facts.mini_batches = 20; },
          [](Case& c) { c.facts.handing = Seconds(1); },  // a straggler: workers without work are no overhead
          [](Case& c) { c.config().partition_keys = {"store"}; }, [](Case& c) { c.config().mini_batch_size = {1000, true}; }});
  Case c(step);
  given(c);
  CHECK(c.only().hint == "mini_batch_size: 100");  // 30 s / 100000 = 300 us over, 90 us an item: 300 / (5 % of 90) = 67
}

TEST_CASE("workers take long to start") {
  const auto given = [](Case& c) {
    c.end();
    c.facts.took = Seconds(10);
    c.facts.workers = 2;
    c.facts.starting = Seconds(16);
    c.facts.running = Seconds(2);
  };
  proves("slow-start", entry_script(), given,
         {[](Case& c) { c.facts.starting = Seconds(3); }, [](Case& c) { c.facts.took = Seconds(2); }, [](Case& c) { c.config().preload = {"torch"}; }});
}
