#include "run/step_facts.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

struct Source {
  test::TempFolder folder;
  Pipeline pipeline;
  Step step;

  void write(const std::string& path, const std::string& text = {}) { folder.write(path, text); }
  Facts facts() {
    Facts facts{pipeline, step};
    read_source(facts, folder.path());
    return facts;
  }
  std::string scripts() {
    std::string names;
    for (const Facts::Source& source : facts().sources) names += source.path + " ";
    return names;
  }
  std::string scripts_of(const std::string& command) {
    step.action = Command();
    std::get<Command>(step.action).text.written = command;
    return scripts();
  }
  bool lists(const std::string& path) {
    const auto paths = facts().paths;
    return std::ranges::find(paths, path) != paths.end();
  }
};

Script script(const std::string& name) {
  Script action;
  action.name.value = name;
  return action;
}

}  // namespace

TEST_CASE("the scripts of a step: what it begins with, and what that imports") {
  Source source;
  source.write("train.py", "import os, helpers.tables\nfrom model import (Net)\n");
  source.write("helpers/tables.py", "from . import numbers\n");
  source.write("helpers/numbers.py");
  source.write("model.py", "import train\n");
  source.write("submit.py", "import model\n");
  source.write("score.py");
  source.step.action = script("./train.py");
  CHECK(source.scripts() == "train.py helpers/tables.py model.py helpers/numbers.py ");
  CHECK(source.facts().sources[0].code.starts_with("import os"));
  CHECK(source.scripts_of("cd . && python3 ./score.py --x 'a.py' > log") == "score.py ");
  CHECK(source.scripts_of("python -m helpers.tables") == "helpers/tables.py helpers/numbers.py ");
  CHECK(source.scripts_of("sh run.sh").empty());
  CHECK(source.scripts_of("python elsewhere/train.py").empty());
  Parallel parallel;
  parallel.config.entry_script.value = "score.py";
  source.step.action = parallel;
  CHECK(source.scripts() == "score.py ");
}

TEST_CASE("what the ignore file leaves out is not there, as git reads it") {
  Source source;
  source.write("env/pyvenv.cfg");
  source.write("env/lib/x.py");
  source.write("nb/.ipynb_checkpoints/a.ipynb");
  source.write(".venv/pyvenv.cfg");
  CHECK(source.lists("env/pyvenv.cfg"));
  CHECK_FALSE(source.lists("env/lib/"));
  CHECK(source.lists("nb/.ipynb_checkpoints/"));
  CHECK_FALSE(source.lists("nb/.ipynb_checkpoints/a.ipynb"));
  CHECK(source.lists(".venv/pyvenv.cfg"));  // Azure takes it, although mlpipe never counts it
  source.write(".gitignore", "**/.ipynb_checkpoints\n*env/\n");
  CHECK_FALSE(source.lists("nb/.ipynb_checkpoints/"));
  CHECK_FALSE(source.lists("env/pyvenv.cfg"));
  CHECK_FALSE(source.lists(".venv/pyvenv.cfg"));
  source.write(".amlignore", "env/*\n");  // the one that counts
  CHECK(source.lists("env/"));
  CHECK_FALSE(source.lists("env/pyvenv.cfg"));
  CHECK(source.lists("nb/.ipynb_checkpoints/"));
  source.write(".amlignore", "*\n!nb/\n!nb/**\n");
  CHECK_FALSE(source.lists("env/"));
  CHECK(source.lists("nb/"));
}
