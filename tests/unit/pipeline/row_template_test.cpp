#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "pipeline/row_template.h"

using namespace mlpipe;

namespace {

std::string row(std::string_view text, std::vector<float> values = {}, std::string_view path = "/data/a b.png", std::size_t number = 0) {
  auto parsed = RowTemplate::parse(text);
  REQUIRE(parsed);
  std::string out;
  parsed->append({path, number, values.data(), values.size()}, out);
  return out;
}

std::string mistake(std::string_view text) {
  const auto parsed = RowTemplate::parse(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == ErrorKind::spec);
  return parsed.error().message;
}

}  // namespace

TEST_CASE("fields of a row") {
  CHECK(row("{name} {argmax} {max:.4f}", {0.25f, 0.5f}) == "a b.png 1 0.5000");
  CHECK(row("{path}:{row}", {}, "/data/x.npy", 7) == "/data/x.npy:7");
  CHECK(row("{values}", {1, 2.5f}) == "1.0 2.5");
  CHECK(row("{values:.1f}", {1, 2.25f}) == "1.0 2.2");
  CHECK(row("{value[1]}|{value[0]:+.2e}", {1, 2}) == "2.0|+1.00e+00");
  CHECK(row("{{{argmax:3d}}}", {0, 1}) == "{  1}");
  CHECK(row("plain") == "plain");
  CHECK(row("") == "");
  CHECK(row("{name}", {}, "bare.png") == "bare.png");
}

TEST_CASE("numbers without a format are Python's repr of the float32") {
  CHECK(row("{max}", {0.1f}) == "0.10000000149011612");
  CHECK(row("{max}", {1e16f}) == "1.0000000272564224e+16");
  CHECK(row("{max}", {1e-5f}) == "9.999999747378752e-06");
  CHECK(row("{max}", {0.0001f}) == "9.999999747378752e-05");
  CHECK(row("{max}", {123456792.0f}) == "123456792.0");
  CHECK(row("{max}", {1e15f}) == "999999986991104.0");
  CHECK(row("{max}", {-0.0f}) == "-0.0");
  CHECK(row("{max}", {std::numeric_limits<float>::infinity()}) == "inf");
  CHECK(row("{max}", {std::numeric_limits<float>::denorm_min()}) == "1.401298464324817e-45");
}

TEST_CASE("argmax takes the first of equals, and a NaN before everything, as numpy does") {
  CHECK(row("{argmax}", {1, 3, 3}) == "1");
  CHECK(row("{argmax} {max}", {1, std::nanf(""), 5}) == "1 nan");
}

TEST_CASE("a row that needs more values than there are can be told before it is written") {
  CHECK(RowTemplate::parse("{name}")->values_needed() == 0);
  CHECK(RowTemplate::parse("{argmax}")->values_needed() == 1);
  CHECK(RowTemplate::parse("{value[3]} {max}")->values_needed() == 4);
  CHECK(row("<{value[3]}>", {1}) == "<>");
  CHECK(row("<{max}>", {}) == "<>");
}

TEST_CASE("mistakes in a row name what is wrong") {
  CHECK(mistake("{nmae}") == "unknown field `nmae`");
  CHECK(mistake("{}") == "unknown field ``");
  CHECK(mistake("{max") == "a `{` that is never closed");
  CHECK(mistake("max}") == "a `}` that closes nothing");
  CHECK(mistake("{value[x]}") == "`value[x]` has no index");
  CHECK(mistake("{value[-1]}") == "`value[-1]` has no index");
  CHECK(mistake("{name:>10}") == "`name` takes no format");
  CHECK(mistake("{max:}") == "`` is no format of a number");
  for (const char* format : {"d", ".4", ".4x", ".999f", "99999f", "<08.2f", "%", ".f"}) {
    CHECK(mistake(std::string("{max:") + format + "}") == std::string("`") + format + "` is no format of a number");
  }
  CHECK(mistake("{argmax:.2f}") == "`.2f` is no format of a number");
}

TEST_CASE("softmax, the largest values and their labels") {
  const float values[] = {1.0f, 3.0f, 3.0f, -2.0f};
  const std::vector<std::string> labels{"a", "b", "c", "d"};
  const auto text = [&](const char* written, const std::vector<std::string>* names = nullptr) {
    std::string out;
    const auto parsed = RowTemplate::parse(written);
    REQUIRE(parsed);
    parsed->append({"", 0, values, 4, nullptr, names}, out);
    return out;
  };
  CHECK(text("{softmax:.4f}") == "0.0632 0.4668 0.4668 0.0031");
  CHECK(text("{softmax[1]:.3f} {softmax[argmax]:.3f}") == "0.467 0.467");
  CHECK(text("{top[2]}") == "1 2");  // the first of equals first
  CHECK(text("{top[9]}") == "1 2 0 3");
  CHECK(text("{top[3]} {label}", &labels) == "b c a b");
  CHECK(text("{top_softmax[2]:.2f}") == "0.47 0.47");
  CHECK(text("{softmax[9]}").empty());
}

TEST_CASE("NaN is the largest, and its softmax is NaN") {
  const float values[] = {1.0f, NAN, 5.0f};
  std::string out;
  RowTemplate::parse("{argmax} {top[2]} {softmax[0]}")->append({"", 0, values, 3}, out);
  CHECK(out == "1 1 2 nan");
}

TEST_CASE("fields with an index say what is wrong with it") {
  for (const char* text : {"{top[0]}", "{top[x]}", "{top}", "{softmax[-1]}", "{label:.2f}", "{column}", "{top[2]:.2f}"}) CHECK_FALSE(RowTemplate::parse(text));
  CHECK(RowTemplate::parse("{column[a:b]}")->columns() == std::vector<std::string>{"a:b"});
  CHECK(RowTemplate::parse("{softmx}").error().hint.find("softmax") != std::string::npos);
}
