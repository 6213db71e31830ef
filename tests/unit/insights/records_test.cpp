#include "insights/records.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zlib.h>

#include "insights/gunzip.h"

using namespace mlpipe;
using namespace mlpipe::insights;

namespace {

std::string envelope(const std::string& type, const std::string& data) {
  return R"({"name":"x","time":"2026-11-23T00:15:30.123456Z","data":{"baseType":")" + type + R"(","baseData":)" + data + "}}";
}

std::string lines_of(const std::string& body) {
  std::string lines;
  for (const Record& record : read_envelopes(body).records) lines += line_of(record, parse_utc("2026-01-01T00:00:00.000Z"));
  return lines;
}

std::string gzipped(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("messages with their level and the dimensions that a script gave them") {
  const std::string own = envelope("MessageData", R"({"message":"hello","severityLevel":2,"properties":{"level":"WARNING","lineNumber":3,"step_id":"s1"}})");
  CHECK(lines_of("[" + own + "]") == "2026-11-23T00:15:30.123Z WARNING hello {\"step_id\":\"s1\"}\n");
  CHECK(lines_of(own + "\n" + own) == lines_of("[" + own + "," + own + "]"));
  CHECK(lines_of(envelope("MessageData", R"({"message":"m","severityLevel":"Error"})")) == "2026-11-23T00:15:30.123Z ERROR m\n");
  CHECK(lines_of(envelope("MessageData", R"({"message":"m","severityLevel":4})")) == "2026-11-23T00:15:30.123Z CRITICAL m\n");
}

TEST_CASE("exceptions, events, metrics and spans") {
  CHECK(lines_of(envelope("ExceptionData", R"({"exceptions":[{"typeName":"ValueError","message":"bad"}],"severityLevel":3})")) ==
        "2026-11-23T00:15:30.123Z ERROR ValueError: bad\n");
  CHECK(lines_of(envelope("EventData", R"({"name":"began","measurements":{"n":1}})")) == "2026-11-23T00:15:30.123Z EVENT began {\"n\":1}\n");
  CHECK(lines_of(envelope("MetricData", R"({"metrics":[{"name":"a","value":1.5},{"name":"b","value":2}]})")) == "2026-11-23T00:15:30.123Z METRIC a=1.5 b=2\n");
  CHECK(lines_of(envelope("RequestData", R"({"name":"GET","duration":"0.00:00:01"})")) == "2026-11-23T00:15:30.123Z SPAN RequestData GET took 0.00:00:01\n");
}

TEST_CASE("a record that does not say when is from now") {
  CHECK(lines_of(R"({"data":{"baseType":"MessageData","baseData":{"message":"m"}}})") == "2026-01-01T00:00:00.000Z INFO m\n");
}

TEST_CASE("whatever is sent, nothing comes of it that was not understood") {
  for (const char* body : {"", "no json", "[1,2]", "{}", "[{\"data\":1}]", "[{\"data\":{\"baseData\":[1]}}]", "\xff\xfe", "{\"time\":5,\"data\":{\"baseType\":{}}}"})
    CHECK(read_envelopes(body).envelopes <= 1);
  CHECK(read_envelopes(R"({"data":{"baseType":"MessageData","baseData":{"message":[[1]],"properties":[1],"severityLevel":99}}})").envelopes == 1);
}

TEST_CASE("what nests without end is not walked over, wherever it stands") {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const std::string envelope = R"({"data":{"baseType":"MessageData","baseData":{"message":)" + deep + "}}}";
  CHECK(read_envelopes(deep).envelopes == 0);
  CHECK(read_envelopes(envelope).envelopes == 0);
  CHECK(read_envelopes("\"\n" + envelope + "\n{\"data\":{}}").envelopes == 1);
}

TEST_CASE("a severity of which no level is known is none") {
  for (const char* severity : {"4294967298", "-1", "5", "18446744073709551615", "-9223372036854775808", "2.0", "1e3"})
    CHECK(lines_of(envelope("MessageData", fmt::format(R"({{"message":"m","severityLevel":{}}})", severity))).find("INFO m") != std::string::npos);
}

TEST_CASE("a request gives ten thousand records at most") {
  std::string body;
  for (int i = 0; i < 10'001; ++i) body += "{\"data\":{}}\n";
  const Received received = read_envelopes(body);
  CHECK(received.envelopes == 10'001);
  CHECK(received.records.size() == 10'000);
}

TEST_CASE("a text is known to stand in dimensions as JSON has it") {
  const std::string text = "a\"b\\c\nd";
  const auto received = read_envelopes(envelope("EventData", R"({"name":"n","properties":{"k":"a\"b\\c\nd"}})"));
  REQUIRE(received.records.size() == 1);
  CHECK(received.records[0].dimensions == "{\"k\":\"" + within_dimensions(text) + "\"}");
}

TEST_CASE("gzip'd bodies are unpacked, damaged and too large ones are not") {
  const std::string text(10'000, 'x');
  const std::string packed = gzipped(text);
  CHECK(gunzip(packed, 10'000) == text);
  CHECK_FALSE(gunzip(packed, 9'999));
  CHECK_FALSE(gunzip(packed.substr(0, packed.size() - 9), 10'000));
  CHECK_FALSE(gunzip("no gzip", 100));
  CHECK_FALSE(gunzip("", 100));
}
