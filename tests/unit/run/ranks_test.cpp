#include "run/ranks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

using namespace mlpipe;

namespace {

bool has(const std::vector<std::string>& variables, const std::string& one) { return std::find(variables.begin(), variables.end(), one) != variables.end(); }

std::string value(const std::vector<std::string>& variables, const std::string& name) {
  for (const std::string& each : variables)
    if (each.starts_with(name + "=")) return each.substr(name.size() + 1);
  return {};
}

}  // namespace

TEST_CASE("a step without a distribution is one process that is told nothing") {
  const auto ranks = rank_variables({});
  REQUIRE(ranks);
  REQUIRE(ranks->size() == 1);
  CHECK(ranks->front().empty());
}

TEST_CASE("instances without a distribution are counted, and are one process") {
  const auto ranks = rank_variables({Distribution::Kind::none, 3, 1, 0, 0});
  REQUIRE(ranks);
  CHECK(*ranks == std::vector<std::vector<std::string>>{{"AZUREML_NODE_COUNT=3"}});
}

TEST_CASE("PyTorch: every process of every instance knows its place, and all the same master") {
  const auto ranks = rank_variables({Distribution::Kind::pytorch, 2, 3, 0, 0});
  REQUIRE(ranks);
  REQUIRE(ranks->size() == 6);
  std::set<std::string> masters;
  for (std::size_t rank = 0; rank < 6; ++rank) {
    const auto& variables = (*ranks)[rank];
    CHECK(has(variables, "RANK=" + std::to_string(rank)));
    CHECK(has(variables, "WORLD_SIZE=6"));
    CHECK(has(variables, "LOCAL_RANK=" + std::to_string(rank % 3)));
    CHECK(has(variables, "NODE_RANK=" + std::to_string(rank / 3)));
    CHECK(has(variables, "AZUREML_NODE_COUNT=2"));
    masters.insert(value(variables, "MASTER_ADDR") + ":" + value(variables, "MASTER_PORT"));
  }
  CHECK(masters.size() == 1);
}

TEST_CASE("TensorFlow: TF_CONFIG names all workers and servers, each with a port of its own") {
  const auto ranks = rank_variables({Distribution::Kind::tensorflow, 1, 1, 2, 1});
  REQUIRE(ranks);
  REQUIRE(ranks->size() == 3);
  const auto config = nlohmann::json::parse(value((*ranks)[2], "TF_CONFIG"));
  CHECK(config["task"]["type"] == "ps");
  CHECK(config["task"]["index"] == 0);
  std::set<std::string> places;
  for (const char* kind : {"worker", "ps"})
    for (const auto& place : config["cluster"][kind]) places.insert(place.get<std::string>());
  CHECK(places.size() == 3);
  CHECK(nlohmann::json::parse(value((*ranks)[1], "TF_CONFIG"))["task"]["index"] == 1);
  CHECK(config["cluster"] == nlohmann::json::parse(value((*ranks)[0], "TF_CONFIG"))["cluster"]);
}

TEST_CASE("TensorFlow: without a worker count there is one worker an instance") {
  CHECK(Distribution{Distribution::Kind::tensorflow, 2, 1, 0, 0}.processes() == 2);
}

TEST_CASE("MPI: as Open MPI says it") {
  const auto ranks = rank_variables({Distribution::Kind::mpi, 2, 1, 0, 0});
  REQUIRE(ranks);
  REQUIRE(ranks->size() == 2);
  CHECK(has((*ranks)[1], "OMPI_COMM_WORLD_RANK=1"));
  CHECK(has((*ranks)[1], "OMPI_COMM_WORLD_SIZE=2"));
  CHECK(has((*ranks)[1], "OMPI_COMM_WORLD_LOCAL_RANK=0"));
}
