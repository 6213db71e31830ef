#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

Template text(const std::string& written) {
  Template value;
  value.written = written;
  value.parts.emplace_back(written);
  return value;
}

}  // namespace

TEST_CASE("reuse is switched off") {
  Step step = command("x");
  step.allow_reuse = false;
  proves("reuse-off", step, [](Case& c) { c.end(); c.facts.ran_for_want_of_reuse = true; },
         {[](Case& c) { c.facts.ran_for_want_of_reuse = false; }, [](Case& c) { c.step().allow_reuse = true; }, not_yet});
}

TEST_CASE("it ran for another step's code") {
  Pipeline pipeline;
  pipeline.steps = {script("train.py"), script("prep.py")};
  pipeline.steps[1].name = "prep";
  Facts facts{pipeline, pipeline.steps[0]};
  facts.moment = Facts::Moment::ended;
  facts.changed_code = {"prep.py"};
  facts.sources = {{"train.py", "import numpy\n"}, {"prep.py", "import numpy\n"}};
  const auto says = [](const Facts& f) {
    const auto findings = diagnose(f);
    return !findings.empty() && findings[0].id == "shared-source";
  };
  CHECK(says(facts));
  Facts imported = facts;
  imported.sources[0].text = "from prep import clean\n";
  CHECK_FALSE(says(imported));
  Facts both = facts;
  both.changed_code.push_back("train.py");
  CHECK_FALSE(says(both));
  Facts nobodys = facts;
  nobodys.changed_code = {"settings.json"};
  CHECK_FALSE(says(nobodys));
  pipeline.steps[1].source_place = "/project/prep";
  CHECK_FALSE(says(facts));
}

TEST_CASE("data behind a URL has changed") {
  proves("url-changed", command("x"), [](Case& c) { c.end(); c.facts.changed_downloads = {{"raw", "https://h/x.csv", "it had 10 bytes and has 20 now"}}; },
         {[](Case& c) { c.facts.changed_downloads.clear(); }, not_yet, [](Case& c) { c.fail("exit code 1"); }});
}

TEST_CASE("droppings among the code") {
  proves("source-droppings", command("x"), [](Case& c) { c.facts.paths = {"env/", "env/pyvenv.cfg", "train.py"}; },
         {[](Case& c) { c.facts.ignore_file = "*.log\nenv/\n"; }, [](Case& c) { c.facts.paths = {"env/", "env/settings.cfg"}; }, nothing_failed});
  proves("source-droppings", command("x"), [](Case& c) { c.facts.paths = {"nb/", "nb/.ipynb_checkpoints/"}; },
         {[](Case& c) { c.facts.ignore_file = "**/.ipynb_checkpoints\n.ipynb_checkpoints\n"; }, [](Case& c) { c.facts.paths = {"nb/", "nb/a.ipynb"}; }, nothing_failed});
}

TEST_CASE("many small appends to a mounted output") {
  Step step = script("train.py");
  step.outputs = {output("log")};
  const auto given = [](Case& c) {
    c.end();
    c.facts.writes = 5000;
    c.facts.written_bytes = 200000;
    c.source("train.py", "for epoch in epochs:\n    with open(log, 'a') as file: file.write(line)\n");
  };
  proves("small-appends", step, given,
         {[](Case& c) { c.facts.writes = 50; }, [](Case& c) { c.facts.written_bytes = 500 << 20; }, [](Case& c) { c.facts.printed_bytes = 190000; },
          [](Case& c) { c.step().outputs[0].mode = "upload"; }, [](Case& c) { c.facts.sources[0].text = "# open(log, 'a')\nopen(log, 'w')\n"; }, not_yet});
}

TEST_CASE("more threads than cores") {
  Step step = entry_script();
  step.environment_variables["OMP_NUM_THREADS"] = text("4");
  const auto given = [](Case& c) { c.facts.workers = c.facts.cores = 4; };
  proves("oversubscribed-threads", step, given,
         {[](Case& c) { c.step().environment_variables["OMP_NUM_THREADS"] = text("1"); }, [](Case& c) { c.facts.cores = 16; }, [](Case& c) { c.facts.workers = 1; },
          [](Case& c) { c.step().environment_variables.clear(); }});
  proves("oversubscribed-threads", entry_script(), [](Case& c) { c.facts.workers = c.facts.cores = 2; c.source("score.py", "torch.set_num_threads(2)\n"); },
         {[](Case& c) { c.facts.sources[0].text = "# torch.set_num_threads(2)\n"; }, [](Case& c) { c.facts.sources[0].text = "torch.set_num_threads(1)\n"; }, nothing_failed});
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
  };
  proves("tiny-mini-batches", step, given,
         {[](Case& c) { c.facts.running = Seconds(30); }, [](Case& c) { c.facts.took = Seconds(2); }, [](Case& c) { c.facts.mini_batches = 20; },
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
         {[](Case& c) { c.facts.starting = Seconds(3); }, [](Case& c) { c.facts.took = Seconds(2); }, [](Case& c) { c.config().preload = {"torch"}; }, not_yet});
}
