#include <set>

#include "base/text.h"
#include "diagnose/python_source.h"
#include "system/files.h"
#include "unit/diagnose/case.h"

using namespace mlpipe;

TEST_CASE("every entry has a name of its own, and all of its texts") {
  std::set<std::string> ids;
  for (const DiagnosisEntry& entry : diagnosis_table()) {
    CAPTURE(entry.id);
    CHECK(ids.insert(entry.id).second);
    CHECK_FALSE(entry.title.empty());
    CHECK_FALSE(entry.meaning.empty());
    CHECK_FALSE(entry.remedy.empty());
    CHECK((entry.recognise != nullptr));
  }
}

TEST_CASE("every entry is proved to fire and to stay silent") {
  std::string tests;
  const Path folder = Path(MLPIPE_SOURCE_DIR) / "tests/unit/diagnose";
  const auto names = list_folder(folder);
  REQUIRE(names);
  for (const std::string& name : *names) tests += *read_file(folder / name);
  for (const DiagnosisEntry& entry : diagnosis_table()) {
    CAPTURE(entry.id);
    const bool proved = tests.find("proves(\"" + entry.id + "\"") != std::string::npos || tests.find("id == \"" + entry.id + "\"") != std::string::npos;
    CHECK(proved);
  }
}

TEST_CASE("docs/troubleshooting.md is what the table says") {
  const auto page = read_file(Path(MLPIPE_SOURCE_DIR) / "docs/troubleshooting.md");
  REQUIRE(page);
  CHECK_MESSAGE(*page == troubleshooting_page(), "build/bin/mlpipe diagnose --table > docs/troubleshooting.md");
}

TEST_CASE("damaged and hostile scripts neither crash nor fire") {
  for (const std::string& text : {std::string("open("), std::string("add_argument("), std::string(100000, '('), std::string("\"\"\""), std::string("\\"), std::string("'\\"), std::string("open(\0\xff", 7), std::string("from . import (\nimport ,,..\nfrom ...x import\nargs = .parse_args(")}) {
    test::Case c(test::entry_script());
    c.source("score.py", text);
    CHECK(diagnose(c.facts).empty());
    (void)imported_files("a/b.py", text, "a/");
  }
}
