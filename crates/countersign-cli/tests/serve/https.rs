//! HTTPS in `send --to` and `forward`, with a certificate authority that is in the system's roots
//! or not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use http::Response;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::deliveries::jupiter;
use crate::processes::{self, Files, PATIENCE, SECRET, Serving};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate authority with this name. Two authorities with the same name would be mistaken for
/// each other, and fail with a bad signature.
fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS receiver with a certificate for `localhost` only. It answers every request with 202.
struct Receiver {
    address: SocketAddr,
    bodies: UnboundedReceiver<Bytes>,
}

impl Receiver {
    async fn start(authority: &Authority) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, authority).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (body, bodies) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that does not trust the certificate disconnects here.
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let body = body.clone();
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let body = body.clone();
                    async move {
                        let received = request.into_body().collect().await.unwrap().to_bytes();
                        let _ = body.send(received);
                        let response = Response::builder().status(202).body(Full::default());
                        Ok::<Response<Full<Bytes>>, Infallible>(response.unwrap())
                    }
                });
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    // This is an error if the program exits first.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, bodies }
    }

    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/in", self.address.port())
    }

    async fn body(&mut self) -> Bytes {
        timeout(PATIENCE, self.bodies.recv()).await.expect("the receiver is called").unwrap()
    }
}

/// Makes the authority's certificate a system root for the program.
fn trusting(command: &mut Command, files: &Files) {
    command.env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", files.path("roots.pem"));
}

fn roots(authority: &Authority) -> Files {
    Files::new("").with("roots.pem", authority.pem()).with("body", r#"{"event_id":"evt_1"}"#)
}

async fn send(to: String, files: &Files) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["send", "--scheme", "jupiter", "--secret-env", "S", "--to", &to, "--body"]);
    command.arg(files.path("body")).env("S", SECRET).stdin(Stdio::null());
    trusting(&mut command, files);
    spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Asserts that the program reports why the receiver is unreachable, and fails.
#[track_caller]
fn assert_unreachable(sent: &Output, said: &[&str]) {
    let [stdout, stderr] = [&sent.stdout, &sent.stderr].map(|it| String::from_utf8_lossy(it));
    assert_eq!(sent.status.code(), Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("unreachable  "), "{stdout}{stderr}");
    for said in said.iter().chain(&["the receiver cannot be reached", "certificate"]) {
        assert!(stderr.contains(said), "`{said}` is not in: {stderr}");
    }
    assert!(!stderr.contains(SECRET) && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn a_delivery_is_sent_to_a_server_with_a_trusted_certificate() {
    let authority = authority("known");
    let (mut receiver, files) = (Receiver::start(&authority).await, roots(&authority));
    let sent = send(receiver.url("localhost"), &files).await;
    assert_eq!(sent.status.code(), Some(0), "{sent:?}");
    assert!(sent.stdout.starts_with(b"202  "), "{sent:?}");
    assert_eq!(receiver.body().await, r#"{"event_id":"evt_1"}"#);
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_an_untrusted_certificate() {
    let [known, unknown] = ["known", "unknown"].map(authority);
    let (mut receiver, files) = (Receiver::start(&unknown).await, roots(&known));
    let sent = send(receiver.url("localhost"), &files).await;
    assert_unreachable(&sent, &["UnknownIssuer"]);
    assert!(receiver.bodies.try_recv().is_err());
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_a_certificate_of_another_name() {
    let authority = authority("known");
    let (mut receiver, files) = (Receiver::start(&authority).await, roots(&authority));
    let sent = send(receiver.url("127.0.0.1"), &files).await;
    assert_unreachable(&sent, &["not valid for name \"127.0.0.1\"", "localhost"]);
    assert!(receiver.bodies.try_recv().is_err());
}

#[tokio::test]
async fn without_root_certificates_send_fails_before_it_sends() {
    let files = Files::new("").with("roots.pem", "").with("body", "{}");
    let sent = send("https://localhost:9/in".to_owned(), &files).await;
    let stderr = String::from_utf8_lossy(&sent.stderr);
    assert_eq!((sent.status.code(), sent.stdout.len()), (Some(2), 0), "{stderr}");
    assert!(stderr.contains("the system's root certificates cannot be read"), "{stderr}");
}

/// A server that forwards events of Jupiter to this URL.
async fn forwarding(to: &str, files: &Files) -> Serving {
    let endpoint = "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET";
    let mut command = processes::command(&format!("{endpoint} --forward {to}"));
    trusting(&mut command, files);
    Serving::start(command).await
}

#[tokio::test]
async fn an_event_is_forwarded_to_a_target_with_a_trusted_certificate() {
    let authority = authority("known");
    let (mut receiver, files) = (Receiver::start(&authority).await, roots(&authority));
    let mut serving = forwarding(&receiver.url("localhost"), &files).await;
    let delivery = jupiter("evt_1");
    assert_eq!(delivery.send(serving.address()).await.status, 202);
    assert_eq!(receiver.body().await, delivery.body);
    assert_eq!(serving.line().await["code"], "handled");
}

#[tokio::test]
async fn an_event_is_released_if_the_target_is_not_trusted() {
    let [known, unknown] = ["known", "unknown"].map(authority);
    for (certified_by, host, said) in
        [(&unknown, "localhost", "UnknownIssuer"), (&known, "127.0.0.1", "not valid for name")]
    {
        let (mut receiver, roots) = (Receiver::start(certified_by).await, roots(&known));
        let mut serving = forwarding(&receiver.url(host), &roots).await;
        for attempt in 1..=2 {
            let answered = jupiter("evt_1").send(serving.address()).await;
            assert_eq!(answered.status, 503, "{said}");
            assert_eq!(serving.line().await["attempt"], attempt, "{said}");
        }
        let note = serving.note().await;
        assert!(note.contains("the target fails") && note.contains(said), "{note}");
        assert!(receiver.bodies.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_server_that_forwards_by_tls_does_not_start_without_root_certificates() {
    let files = Files::new("").with("roots.pem", "");
    let endpoint = "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET";
    let mut command = processes::command(&format!("{endpoint} --forward https://localhost:9/in"));
    trusting(&mut command, &files);
    let ended = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("root certificates cannot be read"), "{stderr}");
}
