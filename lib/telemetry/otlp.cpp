// The numbers are those of opentelemetry/proto/{collector/trace,trace,common,resource}/v1.
#include "telemetry/otlp.h"

#include <algorithm>

#include "telemetry/protobuf.h"

namespace mlpipe::telemetry {
namespace {

constexpr std::uint64_t kind_internal = 1, status_error = 2;

using Value = std::variant<std::string, std::int64_t, double, bool>;

void put_big_endian(char* to, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<char>(value >> (56 - 8 * i));
}

void write_span_id(ProtobufWriter& out, int field, std::uint64_t id) {
  char bytes[8];
  put_big_endian(bytes, id);
  out.bytes(field, {bytes, sizeof bytes});
}

void write_trace_id(ProtobufWriter& out, int field, const TraceContext& context) {
  char bytes[16];
  put_big_endian(bytes, context.trace_high);
  put_big_endian(bytes + 8, context.trace_low);
  out.bytes(field, {bytes, sizeof bytes});
}

std::uint64_t nanoseconds(WallTime time) {
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return count > 0 ? static_cast<std::uint64_t>(count) : 0;
}

void write_any_value(ProtobufWriter& out, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) out.text(1, *text);
  if (const auto* yes = std::get_if<bool>(&value)) out.varint(2, *yes);
  if (const auto* number = std::get_if<std::int64_t>(&value)) out.varint(3, static_cast<std::uint64_t>(*number));
  if (const auto* real = std::get_if<double>(&value)) out.real(4, *real);
}

void write_pair(ProtobufWriter& out, int field, std::string_view key, const Value& value) {
  out.message(field, [&] {
    out.text(1, key);
    out.message(2, [&] { write_any_value(out, value); });
  });
}

void write_error(ProtobufWriter& out, const std::string& error) {
  if (!error.empty()) out.text(2, error);
  out.varint(3, status_error);
}

void write_span(ProtobufWriter& out, const Span& span) {
  write_trace_id(out, 1, span.own);
  write_span_id(out, 2, span.own.span);
  if (span.parent != 0) write_span_id(out, 4, span.parent);
  out.text(5, span.name);
  out.varint(6, kind_internal);
  out.fixed64(7, nanoseconds(span.began));
  out.fixed64(8, nanoseconds(std::max(span.began, span.ended)));
  for (const Attribute& attribute : span.attributes) write_pair(out, 9, attribute.key, attribute.value);
  if (span.error) out.message(15, [&] { write_error(out, *span.error); });
}

void write_spans(ProtobufWriter& out, const std::vector<Span>& spans) {
  out.message(1, [&] {
    out.text(1, "mlpipe");
    out.text(2, MLPIPE_VERSION);
  });
  for (const Span& span : spans) out.message(2, [&] { write_span(out, span); });
}

}  // namespace

std::string trace_request(const Resource& resource, const std::vector<Span>& spans) {
  ProtobufWriter out;
  out.message(1, [&] {
    out.message(1, [&] {
      for (const auto& [key, value] : resource) write_pair(out, 1, key, value);
    });
    out.message(2, [&] { write_spans(out, spans); });
  });
  return out.take();
}

}  // namespace mlpipe::telemetry
