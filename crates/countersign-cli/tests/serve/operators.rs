//! Health, readiness, the check of a configuration, and the banner.

use std::net::SocketAddr;
use std::time::Duration;

use countersign_test_servers::RedisServer;
use http::Request;
use http_body_util::Full;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::config::rejected;
use crate::deliveries::{jupiter, send};
use crate::processes::{self, Files, Serving, command};
use crate::target::Target;

#[tokio::test]
async fn operator_paths_are_served_only_at_the_operators_address() {
    let mut target = Target::start().await;
    let files = config(&format!("forward = '{}'\n", target.url()), "admin = '127.0.0.1:0'");
    let (mut serving, admin, banner) = start(&files, "").await;
    let endpoint = format!("/hooks/jupiter  jupiter, forwarded to http://{}/in", target.address());
    assert_eq!(banner[0], endpoint);
    let admin = admin.unwrap();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(admin, path).await, 200, "{path}");
        assert_eq!(get(serving.address(), path).await, 404, "{path}");
        assert_eq!(serving.line().await["path"], path);
    }
    assert_eq!(get(admin, "/hooks/jupiter").await, 404);

    // While the last delivery is drained, the server is alive and not ready.
    let to = serving.address();
    let delivery = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let call = target.call().await;
    serving.signal(Signal::TERM);
    while get(admin, "/readyz").await != 503 {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(get(admin, "/healthz").await, 200);
    call.answer(200);
    assert_eq!(delivery.await.unwrap(), 200);
    assert!(serving.ended().await.0.success());
}

#[tokio::test]
async fn a_server_whose_store_is_unavailable_is_alive_and_not_ready() {
    let server = RedisServer::start(&[]);
    let words = format!("--store redis://{} --store-prefix a", server.address());
    let serving = processes::jupiter(&words).await;
    assert_eq!(get(serving.address(), "/readyz").await, 200);
    drop(server);
    for _ in 0..500 {
        if get(serving.address(), "/readyz").await == 503 {
            assert_eq!(get(serving.address(), "/healthz").await, 200);
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the server is still ready");
}

#[tokio::test]
async fn a_server_whose_store_is_full_is_not_ready() {
    let server = RedisServer::start(&["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"]);
    let words = format!("--store redis://{} --store-prefix a", server.address());
    let serving = processes::jupiter(&words).await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 503);
    assert_eq!(get(serving.address(), "/readyz").await, 503);
}

#[tokio::test]
async fn a_server_that_handles_deliveries_without_its_store_stays_ready() {
    let server = RedisServer::start(&[]);
    let store = format!("store = 'redis://{}'\nstore_prefix = 'a'", server.address());
    let files = config("outage = 'local-fallback'\n", &store);
    let (serving, ..) = start(&files, "").await;
    drop(server);
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    assert_eq!(get(serving.address(), "/readyz").await, 200);
}

#[tokio::test]
async fn an_address_on_the_command_line_replaces_that_of_the_file() {
    let files = config("", "");
    let file = std::fs::read_to_string(files.path("serve.toml")).unwrap();
    for config in [file.clone(), file.replace("listen = '127.0.0.1:0'\n", "")] {
        let files = Files::new(&config);
        let (serving, _, banner) = start(&files, "--listen 127.0.0.2:0").await;
        assert_eq!(serving.address().ip().to_string(), "127.0.0.2");
        assert_eq!(banner, ["/hooks/jupiter  jupiter, printed"]);
    }
}

#[test]
fn a_configuration_is_checked_with_its_store_and_nothing_is_served() {
    let check = |files: &Files| {
        let mut check = command("--check --config");
        check.arg(files.path("serve.toml"));
        check
    };
    // The port is in use, which the check does not try.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let files = config("", "");
    let file = std::fs::read_to_string(files.path("serve.toml")).unwrap();
    let files = files.with("serve.toml", file.replace("127.0.0.1:0", &address.to_string()));
    let output = check(&files).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "the configuration is valid\n  /hooks/jupiter  jupiter, printed\n");

    for (listen, admin, said) in [
        ("nowhere", "127.0.0.1:9000", "cannot listen on `nowhere`"),
        ("127.0.0.1:3000", "nowhere", "cannot listen on `nowhere`"),
        // Addresses for documentation, which no machine has (RFC 5737).
        ("192.0.2.1:3000", "127.0.0.1:9000", "cannot listen on `192.0.2.1:3000`"),
        ("127.0.0.1:3000", "192.0.2.1:9000", "cannot listen on `192.0.2.1:9000`"),
        ("127.0.0.1:3000", "127.0.0.1:3000", "`admin` is the address of `listen`"),
        ("127.0.0.1:3000", "localhost:3000", "`admin` is the address of `listen`"),
        ("127.0.0.1:3000", "0.0.0.0:3000", "`admin` is the address of `listen`"),
    ] {
        let files = config("", &format!("admin = '{admin}'"));
        let listening = file.replace("127.0.0.1:0", listen);
        let files = files.with("serve.toml", format!("admin = '{admin}'\n{listening}"));
        rejected(check(&files), &[said]);
    }
    let ports_of_the_system = config("", "admin = '127.0.0.1:0'");
    assert!(check(&ports_of_the_system).output().unwrap().status.success());

    let files = config("", "").with("afile", "x");
    for folder in ["afile", "no/such", "/proc/new"] {
        for key in ["capture", "dead_letters"] {
            let text = format!("{key} = '{folder}'\n{file}");
            let files = config("", "").with("afile", "x").with("serve.toml", text);
            rejected(check(&files), &[&format!("`{key}`"), "cannot write files"]);
        }
    }
    let text = format!("capture = 'captures'\ndead_letters = 'dead'\n{file}");
    let files = files.with("serve.toml", text);
    assert!(check(&files).output().unwrap().status.success());
    assert!(!files.path("captures").exists() && !files.path("dead").exists());

    drop(taken);
    let store = format!("store = 'redis://{address}'");
    rejected(check(&config("", &store)), &["the store `redis://127.0.0.1", "cannot be reached"]);
    let short = config("retention = '1s'\n", "");
    rejected(check(&short), &["`retention`", "too short"]);
    let wrong = config("tolerance = 300\n", "");
    rejected(check(&wrong), &["`tolerance`", "\"5m\""]);
}

/// The user who checks it may be another one than the server's.
#[cfg(feature = "sqlite")]
#[test]
fn a_check_creates_no_file_for_a_store_or_a_queue() {
    for (words, of_endpoint) in [
        ("store = 'sqlite:{}events.db'", ""),
        ("queue = 'sqlite:{}queue.db'", "forward = 'http://127.0.0.1:1'\n"),
    ] {
        let check = |folder: &str| {
            let files = config(of_endpoint, &words.replace("{}", folder));
            let mut check = command("--check --config");
            check.arg(files.path("serve.toml"));
            (check, files)
        };
        let (mut valid, files) = check("");
        assert!(valid.output().unwrap().status.success(), "{words}");
        let names = std::fs::read_dir(files.path(".")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains(".db")), "{words}");
        let (missing, _files) = check("no/such/");
        rejected(missing, &["sqlite:", "no/such"]);
    }
}

async fn get(to: SocketAddr, path: &str) -> u16 {
    let request = Request::get(format!("http://{to}{path}")).body(Full::default());
    send(request.unwrap()).await.status
}

/// A server with this configuration, the address for operators, and the lines that name endpoints.
async fn start(files: &Files, words: &str) -> (Serving, Option<SocketAddr>, Vec<String>) {
    let mut serve = command(&format!("{words} --config"));
    serve.arg(files.path("serve.toml"));
    let (serving, mut before) = Serving::start_with_banner(serve).await;
    let admin = before.iter().find_map(|line| line.strip_prefix("health and metrics on http://"));
    let admin = admin.map(|address| address.parse().unwrap());
    before.retain(|line| line.starts_with('/'));
    (serving, admin, before)
}

fn config(of_endpoint: &str, of_server: &str) -> Files {
    Files::new(&format!(
        "listen = '127.0.0.1:0'\n{of_server}\n[[endpoint]]\npath = '/hooks/jupiter'\n\
         scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\n{of_endpoint}"
    ))
}
