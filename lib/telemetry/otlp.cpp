// The numbers are those of opentelemetry/proto/{collector/trace,trace,common,resource}/v1.
#include "telemetry/otlp.h"

#include <algorithm>

#include "telemetry/protobuf.h"

namespace mlpipe::telemetry {
namespace {

constexpr std::uint64_t kind_internal = 1, status_error = 2;

std::string big_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::uint64_t nanoseconds(WallTime time) {
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

ProtobufWriter any_value(const std::variant<std::string, std::int64_t, double, bool>& value) {
  ProtobufWriter any;
  if (const auto* text = std::get_if<std::string>(&value)) any.text(1, *text);
  if (const auto* yes = std::get_if<bool>(&value)) any.varint(2, *yes);
  if (const auto* number = std::get_if<std::int64_t>(&value)) any.varint(3, static_cast<std::uint64_t>(*number));
  if (const auto* real = std::get_if<double>(&value)) any.real(4, *real);
  return any;
}

ProtobufWriter key_value(std::string_view key, const std::variant<std::string, std::int64_t, double, bool>& value) {
  ProtobufWriter pair;
  pair.text(1, key);
  pair.message(2, any_value(value));
  return pair;
}

ProtobufWriter status(const std::string& error) {
  ProtobufWriter status;
  if (!error.empty()) status.text(2, error);
  status.varint(3, status_error);
  return status;
}

ProtobufWriter message_of(const Span& span) {
  ProtobufWriter message;
  message.bytes(1, big_endian(span.own.trace_high) + big_endian(span.own.trace_low));
  message.bytes(2, big_endian(span.own.span));
  if (span.parent != 0) message.bytes(4, big_endian(span.parent));
  message.text(5, span.name);
  message.varint(6, kind_internal);
  message.fixed64(7, nanoseconds(span.began));
  message.fixed64(8, nanoseconds(std::max(span.began, span.ended)));
  for (const Attribute& attribute : span.attributes) message.message(9, key_value(attribute.key, attribute.value));
  if (span.error) message.message(15, status(*span.error));
  return message;
}

ProtobufWriter message_of(const Resource& resource) {
  ProtobufWriter message;
  for (const auto& [key, value] : resource) message.message(1, key_value(key, value));
  return message;
}

}  // namespace

std::string trace_request(const Resource& resource, const std::vector<Span>& spans) {
  ProtobufWriter scope, scope_spans, resource_spans, request;
  scope.text(1, "mlpipe");
  scope.text(2, MLPIPE_VERSION);
  scope_spans.message(1, scope);
  for (const Span& span : spans) scope_spans.message(2, message_of(span));
  resource_spans.message(1, message_of(resource));
  resource_spans.message(2, scope_spans);
  request.message(1, resource_spans);
  return request.written();
}

}  // namespace mlpipe::telemetry
