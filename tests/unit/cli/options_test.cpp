#include "cli/options.h"

#include <doctest/doctest.h>

using namespace mlpipe;
using namespace mlpipe::cli;
using Words = std::vector<std::string>;

namespace {

// A command with one option of each kind.
struct Sample {
  bool force = false;
  std::string text;
  std::optional<std::string> step, spec, second;
  std::optional<long long> jobs;
  std::vector<std::string> parameters;
  std::unique_ptr<CommandLine> line = make_command_line("sample", "does something");

  explicit Sample(bool required = false) {
    line->flag("--force", force, "run everything");
    line->value("--text", text, "TEXT", "a text");
    line->value("-s,--step", step, "STEP", "one step");
    line->number("-j,--jobs", jobs, 1, "N", "cores");
    line->list("-p,--parameter", parameters, "NAME=VALUE", "a value");
    line->positional("SPEC", spec, "the file", required);
    line->positional("SECOND", second, "another");
  }
  Result<CommandLine::Parsed> parse(const Words& words) { return line->parse(words); }
  std::string mistake(const Words& words) {
    const auto parsed = parse(words);
    if (parsed) return "none";
    CHECK(parsed.error().kind == ErrorKind::usage);
    CHECK_FALSE(parsed.error().hint.empty());
    return parsed.error().message;
  }
};

}  // namespace

TEST_CASE("options and positionals in any order, in every spelling") {
  Sample sample;
  REQUIRE(sample.parse({"a.yaml", "--force", "-s", "train", "-j4", "-p", "a=1", "b.yaml", "-pb=2", "--parameter=c=3 4", "--text", "t"}));
  CHECK(sample.force);
  CHECK(sample.step == "train");
  CHECK(sample.jobs == 4);
  CHECK(sample.parameters == Words{"a=1", "b=2", "c=3 4"});
  CHECK(sample.spec == "a.yaml");
  CHECK(sample.second == "b.yaml");
  CHECK(sample.text == "t");
}

TEST_CASE("a repeated option takes one value each time, never the positional behind it") {
  Sample sample;
  REQUIRE(sample.parse({"-p", "a=1", "a.yaml"}));
  CHECK(sample.parameters == Words{"a=1"});
  CHECK(sample.spec == "a.yaml");
}

TEST_CASE("nothing given, nothing set") {
  Sample sample;
  REQUIRE(sample.parse({}));
  CHECK_FALSE(sample.force);
  CHECK_FALSE(sample.step);
  CHECK_FALSE(sample.jobs);
  CHECK_FALSE(sample.spec);
  CHECK(sample.parameters.empty());
}

TEST_CASE("an unknown option is named, with the nearest") {
  const auto parsed = Sample().parse({"--forse"});
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message == "unknown option `--forse`");
  CHECK(parsed.error().hint == "did you mean `--force`?");
  CHECK(Sample().parse({"--stpe=train"}).error().hint == "did you mean `--step`?");
  CHECK(Sample().parse({"--entirely-else"}).error().hint == "mlpipe sample --help lists the options");
  CHECK(Sample().mistake({"-x"}) == "unknown option `-x`");
}

TEST_CASE("a missing value is a mistake, also before another option") {
  CHECK(Sample().mistake({"--step"}) == "--step needs a value");
  CHECK(Sample().mistake({"--step", "--force"}) == "--step needs a value");
  CHECK(Sample().mistake({"-p"}) == "--parameter needs a value");
  CHECK(Sample().mistake({"--step="}) == "--step needs a value");
}

TEST_CASE("values may look odd") {
  Sample sample;
  REQUIRE(sample.parse({"--step", "-1", "-p", "x=--force", "--text", "ü\n;"}));
  CHECK(sample.step == "-1");
  CHECK(sample.parameters == Words{"x=--force"});
  CHECK(sample.text == "ü\n;");
}

TEST_CASE("numbers are whole and large enough") {
  CHECK(Sample().mistake({"-j", "two"}) == "--jobs takes a whole number of at least 1, not `two`");
  CHECK(Sample().mistake({"-j", "0"}) == "--jobs takes a whole number of at least 1, not `0`");
  CHECK(Sample().mistake({"-j", "-3"}) == "--jobs takes a whole number of at least 1, not `-3`");
  CHECK(Sample().mistake({"-j", "1.5"}) == "--jobs takes a whole number of at least 1, not `1.5`");
  CHECK(Sample().mistake({"-j", "99999999999999999999"}) == "--jobs takes a whole number of at least 1, not `99999999999999999999`");
}

TEST_CASE("a single option given twice is a mistake") {
  CHECK(Sample().mistake({"--step", "a", "--step", "b"}) == "--step is given twice");
}

TEST_CASE("too many and too few positionals") {
  CHECK(Sample().mistake({"a", "b", "c"}) == "unexpected argument `c`");
  CHECK(Sample(true).mistake({"--force"}) == "SPEC is missing");
}

TEST_CASE("after -- everything is a positional") {
  Sample sample;
  REQUIRE(sample.parse({"--force", "--", "--step", "b"}));
  CHECK(sample.spec == "--step");
  CHECK(sample.second == "b");
}

TEST_CASE("help lists what was declared and needs nothing else to be right") {
  Sample sample(true);
  const auto parsed = sample.parse({"--help"});
  REQUIRE(parsed);
  CHECK(*parsed == CommandLine::Parsed::help);
  const std::string help = sample.line->help();
  CHECK(help.starts_with("usage: mlpipe sample SPEC [SECOND] [options]\n\ndoes something\n"));
  for (const char* part : {"--force", "-s, --step STEP", "-j, --jobs N", "(may be repeated)", "-h, --help"}) CHECK(help.find(part) != std::string::npos);
}

TEST_CASE("a value that may be left out") {
  const auto parsed = [](const Words& words) {
    std::optional<std::string> store;
    bool json = false;
    const auto line = make_command_line("sample", "does something");
    line->optional_value("--store", store, "DIR", "a store");
    line->flag("--json", json, "JSON");
    REQUIRE(line->parse(words));
    return std::pair(store, json);
  };
  CHECK(parsed({}).first == std::nullopt);
  CHECK(parsed({"--store"}).first == "");
  CHECK(parsed({"--store", "dir"}).first == "dir");
  CHECK(parsed({"--store=dir"}).first == "dir");
  CHECK(parsed({"--store", "--json"}) == std::pair(std::optional<std::string>(""), true));
}
