#include "cli/request_arguments.h"

#include <doctest/doctest.h>

using namespace mlpipe;
using namespace mlpipe::cli;

TEST_CASE("a request carries what was asked for") {
  RequestArguments arguments;
  arguments.step = "score";
  arguments.jobs = 3;
  arguments.sample = 10;
  arguments.force_steps = {"a"};
  const auto request = arguments.request({"train=/models/last", "prepare=/a=b"});
  REQUIRE(request);
  CHECK(request->step == "score");
  CHECK(request->jobs == 3);
  CHECK(request->sample == 10);
  CHECK(request->use.at("train") == "/models/last");
  CHECK(request->use.at("prepare") == "/a=b");
  CHECK_FALSE(request->command_line.empty());
}

TEST_CASE("folders that stand in are absolute, whatever was typed") {
  const auto request = RequestArguments().request({"train=last"});
  REQUIRE(request);
  CHECK(request->use.at("train").is_absolute());
}

TEST_CASE("selections exclude each other") {
  RequestArguments arguments;
  arguments.step = "a";
  arguments.until = "b";
  const auto request = arguments.request({});
  REQUIRE_FALSE(request);
  CHECK(request.error().kind == ErrorKind::usage);
}

TEST_CASE("a malformed --use is told apart") {
  for (const char* use : {"train", "=dir", "train=", ""}) {
    const auto request = RequestArguments().request({use});
    REQUIRE_FALSE(request);
    CHECK(request.error().kind == ErrorKind::usage);
  }
}

TEST_CASE("an absurd number of jobs is refused before it overflows") {
  RequestArguments arguments;
  arguments.jobs = 1LL << 40;
  CHECK_FALSE(arguments.request({}));
}

TEST_CASE("our own command line is known") {
  const auto words = own_command_line();
  REQUIRE_FALSE(words.empty());
  CHECK(words[0].find("cli_test") != std::string::npos);
}

TEST_CASE("credentials in an address are not recorded") {
  CHECK(without_credentials("http://user:secret@host:4318/a@b") == "http://***@host:4318/a@b");
  CHECK(without_credentials("--otel=https://token@host") == "--otel=https://***@host");
  CHECK(without_credentials("https://u:p@host/a?sig=x") == "https://***@host/a?***");
  CHECK(without_credentials("https://host/a@b?c=d@e") == "https://host/a@b?***");
  CHECK(without_credentials("user@host") == "user@host");
}
