#include <doctest/doctest.h>

#include <cmath>

#include "scoring/configuration.h"

using namespace mlpipe;

TEST_CASE("a scoring configuration survives the way to the module") {
  ScoringConfiguration configuration{"/models/m.pt", "/models/labels.txt", {}};
  Scoring& scoring = configuration.scoring;
  scoring.input = ScoringInput::table;
  scoring.image = {{3, 4}, {2}, "L", {0.1307}, {0.3081}, ImageLayout::hwc, true};
  scoring.inputs = {{"x", ValueType::float32, {"a", "b\""}}, {"ids", ValueType::int64, {"\xff"}}};
  scoring.missing = 0.5;
  scoring.format = RowFormat::csv;
  scoring.output.value = "{name}\t{max:.4f} ü";
  scoring.columns = {{"label", "{argmax}"}};
  scoring.batch_size = 32;
  scoring.numerics = Numerics::fast;
  scoring.device = "cuda:0";
  const auto read = scoring_configuration_from_json(to_json(configuration));
  REQUIRE(read);
  CHECK(read->model == "/models/m.pt");
  CHECK(read->labels == "/models/labels.txt");
  CHECK(read->scoring.input == ScoringInput::table);
  CHECK(read->scoring.image.resize == std::vector<int>{3, 4});
  CHECK(read->scoring.image.crop == std::vector<int>{2});
  CHECK(read->scoring.image.mode == "L");
  CHECK(read->scoring.image.mean == std::vector<double>{0.1307});
  CHECK(read->scoring.image.std == std::vector<double>{0.3081});
  CHECK(read->scoring.image.layout == ImageLayout::hwc);
  CHECK(read->scoring.image.exif);
  REQUIRE(read->scoring.inputs.size() == 2);
  CHECK(read->scoring.inputs[0].columns == scoring.inputs[0].columns);
  CHECK(read->scoring.inputs[1].name == "ids");
  CHECK(read->scoring.inputs[1].type == ValueType::int64);
  CHECK(read->scoring.inputs[1].columns == scoring.inputs[1].columns);
  CHECK(read->scoring.missing == 0.5);
  CHECK(read->scoring.format == RowFormat::csv);
  CHECK(read->scoring.output.value == scoring.output.value);
  REQUIRE(read->scoring.columns.size() == 1);
  CHECK(read->scoring.columns[0].field == "{argmax}");
  CHECK(read->scoring.batch_size == 32);
  CHECK(read->scoring.numerics == Numerics::fast);
  CHECK(read->scoring.device == "cuda:0");
}

TEST_CASE("what is not said stays unsaid, and NaN comes through") {
  const auto plain = scoring_configuration_from_json(to_json(ScoringConfiguration{"m", "", {}}));
  CHECK_FALSE(plain->scoring.missing);
  CHECK_FALSE(plain->scoring.batch_size);
  ScoringConfiguration nan{"m", "", {}};
  nan.scoring.missing = std::nan("");
  CHECK(std::isnan(*scoring_configuration_from_json(to_json(nan))->scoring.missing));
}

TEST_CASE("a model whose path is not UTF-8 keeps its bytes") {
  const std::string path = "/models/\xff\xfe\x01.pt";
  CHECK(scoring_configuration_from_json(to_json(ScoringConfiguration{path, {}, {}}))->model == path);
}

TEST_CASE("malformed configurations are errors") {
  for (const char* text : {"", "{", "[]", "{}", "3", R"({"model": 3})"}) CHECK_FALSE(scoring_configuration_from_json(text));
}
