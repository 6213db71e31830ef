#include "diagnose/python_source.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace mlpipe;

namespace {

bool reads(const std::string& file, const std::string& text, const std::string& wanted) {
  const auto files = imported_files(file, python_code(text), "src/");
  return std::ranges::find(files, wanted) != files.end();
}

}  // namespace

TEST_CASE("code of Python: comments and strings are blanks, lines stay") {
  CHECK(python_code("a = 'b#c' # d\nf(\"\"\"x\ny\"\"\")\n") == "a =" + std::string(10, ' ') + "\nf(    \n    )\n");
  CHECK(python_code("s = 'it\\'s'; open(x)\n") == "s =        ; open(x)\n");
  CHECK(python_code("'never closed\nopen(x)") == std::string(13, ' ') + "\nopen(x)");
  CHECK(python_code("'''never closed\nopen(x)") == std::string(15, ' ') + "\n" + std::string(7, ' '));
}

TEST_CASE("statements end at lines and semicolons, not inside brackets") {
  const std::string text = "a = (1,\n 2); b \\\n = 3\nc";
  const auto statements = python_statements({text, text});
  REQUIRE(statements.size() == 3);
  CHECK(statements[0].text == "a = (1,\n 2)");
  CHECK(statements[1].text == " b \\\n = 3");
  CHECK(statements[2].offset == text.size() - 1);
}

TEST_CASE("arguments of calls") {
  const std::string text = "reopen(x)\nopen(join(a, 'b,c'), 'w')\nopen()\nopen(";
  const std::string code = python_code(text);
  const auto calls = python_calls({text, code}, "open");
  REQUIRE(calls.size() == 3);
  REQUIRE(calls[0].arguments.size() == 2);
  CHECK(calls[0].arguments[0].text == "join(a, 'b,c')");
  CHECK(calls[0].arguments[1].text == " 'w'");
  CHECK(calls[2].arguments.empty());
}

TEST_CASE("an expression that is no part of a longer one") {
  CHECK(mentions("x = f'{args.log}/a'", "args.log"));
  CHECK_FALSE(mentions("self.args.log + args.logs", "args.log"));
  CHECK(count_mentions("sys.argv[1] + sys.argv[10] + sys.argv[1]", "sys.argv[1]") == 2);
}

TEST_CASE("files that imports read") {
  CHECK(reads("src/train.py", "import os, prep as p; import x\n", "src/prep.py"));
  CHECK(reads("src/train.py", "def f():\n    import a.b\n", "src/a/b.py"));
  CHECK(reads("src/train.py", "import a.b\n", "src/a/__init__.py"));
  CHECK(reads("src/train.py", "from a import (\n    b,  # the one\n    c,\n)\n", "src/a/c.py"));
  CHECK(reads("src/train.py", "from importer import b\n", "src/importer.py"));
  CHECK(reads("src/train.py", "from lib.a import b\n", "lib/a.py"));
  CHECK(reads("src/pkg/m.py", "from . import b\nfrom ..c import d\n", "src/pkg/b.py"));
  CHECK(reads("src/pkg/m.py", "from . import b\nfrom ..c import d\n", "src/c.py"));
  CHECK_FALSE(reads("src/train.py", "# import prep\ns = 'import prep'\n", "src/prep.py"));
  CHECK_FALSE(reads("src/pkg/m.py", "import prep\n", "src/pkg/prep.py"));
}

TEST_CASE("what could catch the exception of a line") {
  const auto says = [](const std::string& text, int line) {
    const std::string code = python_code(text);
    return std::string(is_outside_try({text, code}, line) ? "outside" : "") + (is_caught({text, code}, line) ? "caught" : "");
  };
  CHECK(says("main()\n", 1) == "outside");
  CHECK(says("if a:\n  for x in y:\n\n    main()\n", 4) == "outside");
  CHECK(says("try:\n  main()\nexcept E:\n  log()\n", 2) == "caught");
  CHECK(says("try:\n  main()\nexcept E:\n  log()\n  raise\n", 2).empty());
  CHECK(says("try: main()\nexcept E: log()\n", 1) == "caught");
  CHECK(says("with suppress(E): main()\n", 1).empty());
  CHECK(says("with a:\n  main()\n", 2).empty());
  CHECK(says("for x in y:\n    with open(join(x, 'a'), 'w') as out:\n        out.write(1)\n", 2) == "outside");
  CHECK(says("for x in y:\n    with open(join(x, 'a'), 'w') as out:\n        out.write(1)\n", 3) == "outside");
  CHECK(says("with open(a) as out, suppress(E):\n    out.write(1)\n", 2).empty());
  CHECK(says("def f():\n  main()\n", 2).empty());
  CHECK(says("x = [\n  main()]\n", 2).empty());
  CHECK(says("  main()\n", 1).empty());
  CHECK(says("main()\n", 9).empty());
}
