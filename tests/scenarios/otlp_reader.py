"""Spans in requests of OTLP, read with the official classes (opentelemetry-proto)."""


def attributes(thing):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in thing.attributes}


def spans(module, body):
    """Of one request; `module`: opentelemetry.proto.collector.trace.v1.trace_service_pb2."""
    for resource in module.ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield {"name": span.name, "trace": span.trace_id.hex(), "id": span.span_id.hex(), "parent": span.parent_span_id.hex(), "kind": span.kind,
                       "began": span.start_time_unix_nano, "ended": span.end_time_unix_nano, "code": span.status.code, "message": span.status.message,
                       "attributes": attributes(span), "resource": attributes(resource.resource), "scope": scope.scope.name}
