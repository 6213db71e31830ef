#include "run/python_versions.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"

namespace mlpipe {
namespace {

// The numbers of a version up to what is no number: "1.2.0rc1" is 1, 2, 0.
std::vector<long long> numbers(std::string_view version) {
  std::vector<long long> found;
  for (const std::string_view part : split(version, '.')) {
    const auto end = part.find_first_not_of("0123456789");
    const auto number = parse_integer(part.substr(0, end));
    if (!number) break;
    found.push_back(*number);
    if (end != std::string_view::npos) break;
  }
  while (!found.empty() && found.back() == 0) found.pop_back();
  return found;
}

bool begins_with(const std::vector<long long>& version, std::string_view prefix) {
  const auto parts = static_cast<std::size_t>(std::count(prefix.begin(), prefix.end(), '.')) + 1;
  auto wanted = numbers(prefix), has = version;
  wanted.resize(parts);
  has.resize(std::max(has.size(), parts));
  return std::equal(wanted.begin(), wanted.end(), has.begin());
}

bool satisfies_one(const std::vector<long long>& version, std::string_view clause) {
  const auto at = clause.find_first_not_of("=<>!~");
  const std::string_view sign = clause.substr(0, at), text = at == std::string_view::npos ? "" : clause.substr(at);
  if (text.ends_with(".*")) return begins_with(version, text.substr(0, text.size() - 2)) == (sign == "==");
  const auto wanted = numbers(text);
  if (wanted.empty()) return true;
  if (sign == "==" || sign == "===") return version == wanted;
  if (sign == "!=") return version != wanted;
  if (sign == "<=") return version <= wanted;
  if (sign == ">=") return version >= wanted;
  if (sign == "<") return version < wanted;
  if (sign == ">") return version > wanted;
  return sign != "~=" || (version >= wanted && begins_with(version, text.substr(0, text.rfind('.'))));
}

// One comparison of a marker. Nothing: none that is known here.
std::optional<bool> comparison_holds(std::string_view text, const std::string& python_version) {
  const auto sign = text.find_first_of("<>=!~"), end = text.find_first_not_of("<>=!~", sign);
  if (sign == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  const std::string_view variable = trim(text.substr(0, sign)), value = trim(text.substr(end)), name = value.size() > 1 ? value.substr(1, value.size() - 2) : value;
  const std::string_view operation = text.substr(sign, end - sign);
  if (variable == "python_version" && !python_version.empty()) return satisfies(python_version, std::string(operation) + std::string(name));
  const std::string_view here = variable == "sys_platform" ? "linux" : variable == "platform_system" ? "Linux" : variable == "os_name" ? "posix" : "";
  if (here.empty() || (operation != "==" && operation != "!=")) return std::nullopt;
  return (here == name) == (operation == "==");
}

std::vector<std::string_view> split_at_word(std::string_view text, std::string_view word) {
  std::vector<std::string_view> parts;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + word.size());
  }
  parts.push_back(text);
  return parts;
}

std::string of_minor_versions(std::string_view range) {
  std::string minor;
  for (const std::string_view clause : split(range, ',')) {
    const auto at = clause.find_first_of("0123456789");
    if (at == std::string_view::npos) continue;
    const bool patch = std::ranges::count(clause, '.') > 1;
    std::string sign(trim(clause.substr(0, at)));
    if (sign == "!=" && patch) continue;
    if (sign == ">" || (sign == "<" && patch)) sign += '=';  // 3.8 may be 3.8.1
    minor += (minor.empty() ? "" : ",") + sign + minor_of(clause.substr(at));
  }
  return minor;
}

}  // namespace

std::string minor_of(std::string_view version) {
  const auto parts = split(version, '.');
  return std::string(parts[0]) + (parts.size() > 1 && parts[1] != "*" ? "." + std::string(parts[1]) : "");
}

bool satisfies(std::string_view version, std::string_view specifier) {
  const auto has = numbers(version);
  for (const std::string_view clause : split(specifier, ','))
    if (!trim(clause).empty() && !satisfies_one(has, trim(clause))) return false;
  return true;
}

bool minor_satisfies(std::string_view version, std::string_view range) { return satisfies(version, of_minor_versions(range)); }

bool marker_holds(std::string_view marker, const std::string& python_version) {
  if (trim(marker).empty() || marker.find('(') != std::string_view::npos) return true;
  return std::ranges::any_of(split_at_word(marker, " or "), [&](std::string_view alternative) {
    return std::ranges::all_of(split_at_word(alternative, " and "), [&](std::string_view each) { return comparison_holds(each, python_version).value_or(true); });
  });
}

}  // namespace mlpipe
