#include <doctest/doctest.h>

#include "scoring/configuration.h"

using namespace mlpipe;

TEST_CASE("a scoring configuration survives the way to the module") {
  ScoringConfiguration configuration{"/models/m.pt", {}};
  Scoring& scoring = configuration.scoring;
  scoring.input = ScoringInput::array;
  scoring.image = {{3, 4}, {2}, "L", {0.1307}, {0.3081}};
  scoring.columns = {"a", "b\""};
  scoring.output.value = "{name}\t{max:.4f} ü";
  scoring.batch_size = 32;
  scoring.numerics = Numerics::fast;
  scoring.device = "cuda:0";
  const auto read = scoring_configuration_from_json(to_json(configuration));
  REQUIRE(read);
  CHECK(read->model == "/models/m.pt");
  CHECK(read->scoring.input == ScoringInput::array);
  CHECK(read->scoring.image.resize == std::vector<int>{3, 4});
  CHECK(read->scoring.image.crop == std::vector<int>{2});
  CHECK(read->scoring.image.mode == "L");
  CHECK(read->scoring.image.mean == std::vector<double>{0.1307});
  CHECK(read->scoring.image.std == std::vector<double>{0.3081});
  CHECK(read->scoring.columns == scoring.columns);
  CHECK(read->scoring.output.value == scoring.output.value);
  CHECK(read->scoring.batch_size == 32);
  CHECK(read->scoring.numerics == Numerics::fast);
  CHECK(read->scoring.device == "cuda:0");
}

TEST_CASE("a model whose path is not UTF-8 keeps its bytes") {
  const std::string path = "/models/\xff\xfe\x01.pt";
  CHECK(scoring_configuration_from_json(to_json(ScoringConfiguration{path, {}}))->model == path);
}

TEST_CASE("malformed configurations are errors") {
  for (const char* text : {"", "{", "[]", "{}", "3", R"({"model": 3})"}) CHECK_FALSE(scoring_configuration_from_json(text));
}
