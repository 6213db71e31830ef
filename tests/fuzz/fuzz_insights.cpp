// Damages requests to the endpoint of Application Insights at random, and reads them in pieces of any size: nothing may crash, hang or
// take more memory than a request may have. scripts/fuzz runs it with sanitizers.
//   fuzz_insights SECONDS SEED
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>

#include "fuzz/damage.h"
#include "insights/gunzip.h"
#include "insights/http_request.h"
#include "insights/records.h"

using namespace mlpipe;

namespace {

using Steady = std::chrono::steady_clock;

std::string post(const std::string& body, const std::string& more = {}) {
  return fmt::format("POST /token/process000/v2.1/track HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more, body);
}

std::vector<std::string> originals() {
  const std::string message = R"({"time":"2026-11-23T00:15:30.123456Z","data":{"baseType":"MessageData","baseData":{"message":"hello","severityLevel":2,"properties":{"a":"b"}}}})";
  const std::string exception = R"({"data":{"baseType":"ExceptionData","baseData":{"exceptions":[{"typeName":"E","message":"m"}]}}})";
  const std::string metric = R"({"data":{"baseType":"MetricData","baseData":{"metrics":[{"name":"n","value":1}]}}})";
  const std::string gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x8b\x8e\x05\x00\x29\x4a\x06\x0d\x02\x00\x00\x00", 22);
  return {post("[" + message + "," + exception + "]"), post(message + "\n" + metric), post(gzip, "Content-Encoding: gzip\r\n"), "GET / HTTP/1.0\r\n\r\n"};
}

// How many records came out.
std::size_t read_all(fuzz::Damage& damage, const std::string& bytes) {
  insights::HttpReader reader;
  std::size_t records = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t part = std::min(bytes.size() - at, 1 + damage.below(256));
    reader.feed(std::string_view(bytes).substr(at, part));
    at += part;
    while (const auto request = reader.next()) {
      const auto unpacked = insights::gunzip(request->body, 1 << 20);
      for (const insights::Record& record : insights::read_envelopes(unpacked ? *unpacked : request->body).records) records += !line_of(record, {}).empty();
    }
  }
  return records;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return std::fprintf(stderr, "usage: fuzz_insights SECONDS SEED\n"), 2;
  fuzz::Damage damage(static_cast<unsigned>(std::stoul(arguments[2])));
  fuzz::LastInput input("fuzz_insights.last");
  const std::vector<std::string> requests = originals();
  const std::vector<std::string> words{"\r\n\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: -1\r\n", "[[[[[[[[", "{\"data\":", "\"baseData\":null", "1e999", "\"severityLevel\":4294967298", "\"\n", "\"\n{\"data\":{\"baseData\":{\"message\":[[[[[[[[", "\\ud800", "\xff"};
  const auto end = Steady::now() + std::chrono::seconds(std::stol(arguments[1]));
  std::uint64_t tried = 0, records = 0;
  for (; Steady::now() < end; ++tried) {
    std::string bytes;
    for (std::size_t i = 0, parts = 1 + damage.below(3); i < parts; ++i) bytes += damage.next(requests, words);
    input.keep(bytes);
    records += read_all(damage, bytes);
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} damaged requests, {} records came out, at most {} MB\n", tried, records, usage.ru_maxrss / 1024);
  return usage.ru_maxrss > 1024 * 1024;
}
