#include "report/html/report_page.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

using namespace mlpipe;

namespace {

const std::string hostile = "</script><script>alert(1)</script><!-- {{data}} \xE2\x80\xA8 \xE2\x80\xA9 \xff \"'& ";

html::RunReport hostile_report() {
  html::RunReport report;
  report.run.header.id = "20260101-000000-000";
  report.run.header.pipeline = hostile;
  StepRecord record;
  record.step = "score";
  record.reason = record.error = hostile;
  report.run.steps.push_back(record);
  html::ReportedStep step;
  step.name = hostile;
  step.state = "ran";
  step.record = record;
  step.logs.push_back({hostile, hostile, hostile.size()});
  step.failed_items.push_back({3, hostile, "exception", hostile, hostile});
  report.steps.push_back(step);
  return report;
}

std::size_t count(std::string_view text, std::string_view wanted) {
  std::size_t found = 0;
  for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("report: its data says what the run said, and ends no script") {
  const std::string data = html::data_of(hostile_report());
  for (const char* bad : {"<", "\xE2\x80\xA8", "\xE2\x80\xA9"}) CHECK(data.find(bad) == std::string::npos);
  const auto json = nlohmann::json::parse(data);
  std::string valid = hostile;
  valid.replace(valid.find('\xff'), 1, "\xEF\xBF\xBD");
  CHECK(json["steps"][0]["logs"][0]["text"] == valid);
  CHECK(json["steps"][0]["failed_items"][0]["reason"] == valid);
  CHECK(json["run"]["steps"][0]["error"] == valid);
  CHECK(json["changes"] == nullptr);
}

TEST_CASE("report: the page has its own two scripts and no more, and nothing of its template is left") {
  const std::string page = html::to_html(hostile_report());
  CHECK(count(page, "</script>") == 2);
  CHECK(count(page, "<script") == 2);
  CHECK(count(page, "{{script}}") + count(page, "{{style}}") + count(page, "{{nonce}}") + count(page, "{{graph}}") == 0);
  CHECK(page.find("default-src 'none'") != std::string::npos);
  for (const char* outside : {"src=\"http", "@import", "url(http", "fetch("}) CHECK(page.find(outside) == std::string::npos);
}

TEST_CASE("report: a point that is no number is null") {
  html::RunReport report = hostile_report();
  report.steps[0].series["loss"] = {{1, WallTime(std::chrono::milliseconds(10)), 0.5}, {2, WallTime(std::chrono::milliseconds(20)), std::nan("")}};
  const auto json = nlohmann::json::parse(html::data_of(report));
  CHECK(json["steps"][0]["series"][0]["values"] == nlohmann::json::parse("[0.5, null]"));
  CHECK(json["steps"][0]["series"][0]["times"] == nlohmann::json::parse("[10, 20]"));
}
