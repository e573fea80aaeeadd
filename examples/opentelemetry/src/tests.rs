use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Request;
use countersign::Signer;
use countersign::serve::Serve;
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tower::ServiceExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::*;

const SECRET: &str = "whsec_an_example_for_this_test";
const EVENT: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

#[tokio::test]
async fn a_collector_gets_a_span_for_each_delivery_and_the_handlers_span_is_its_child() {
    let (sender, mut exported) = unbounded_channel();
    let collector = Router::new().route("/v1/traces", post(collect)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Serve::new(listener, collector).into_future());

    let endpoint = format!("http://{address}/v1/traces");
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build().unwrap();
    let (subscriber, provider) = traces(exporter);
    {
        let _subscriber = subscriber.set_default();
        let app = app(Secret::new(SECRET).unwrap()).unwrap();
        for (secret, status) in [(SECRET, 204), ("whsec_another_one_of_this_test", 401)] {
            assert_eq!(deliver(&app, secret).await, status);
        }
    }
    tokio::task::spawn_blocking(move || provider.shutdown()).await.unwrap().unwrap();

    let request: ExportTraceServiceRequest = exported.recv().await.unwrap();
    let service = &request.resource_spans[0].resource.as_ref().unwrap().attributes;
    assert!(service.iter().any(|it| it.key == "service.name" && is(it.value.as_ref(), "shop")));
    let spans = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    let spans: Vec<&Span> = spans.flat_map(|it| &it.spans).collect();
    let named = |name: &'static str| spans.iter().filter(move |span| span.name == name);

    let handled = named("countersign.delivery").find(|span| code(span) == Some("handled")).unwrap();
    for (key, expected) in [("scheme", "stripe"), ("endpoint", "stripe"), ("event", "evt_1")] {
        assert_eq!(text(handled, key), Some(expected));
    }
    let handler = named("on_event").next().unwrap();
    assert_eq!(handler.parent_span_id, handled.span_id);
    assert_eq!(handler.trace_id, handled.trace_id);

    let mut codes = named("countersign.delivery").filter_map(|span| code(span));
    assert!(codes.any(|code| code == "signature_mismatch"));
}

async fn collect(State(to): State<UnboundedSender<ExportTraceServiceRequest>>, body: Bytes) {
    to.send(ExportTraceServiceRequest::decode(body).unwrap()).unwrap();
}

fn code(span: &Span) -> Option<&str> {
    text(span, "code")
}

fn text<'a>(span: &'a Span, key: &str) -> Option<&'a str> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn is(value: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>, expected: &str) -> bool {
    value.and_then(|value| value.value.as_ref()) == Some(&Value::StringValue(expected.to_owned()))
}

/// Returns the status of the response to the event, signed with this secret.
async fn deliver(app: &Router, secret: &str) -> u16 {
    let signer = Signer::new(schemes::stripe(), Secret::new(secret).unwrap()).unwrap();
    let mut request = Request::post("/hooks/stripe");
    for (name, value) in signer.sign(EVENT.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(EVENT)).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}
