//! What a store checks when it starts.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

#[tokio::test]
async fn a_server_that_is_too_old_is_rejected() {
    let error = connect(&pretender("redis_version:6.2.0\r\n"), PATIENT).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::TooOld { version, .. } if version == "6.2.0"),
        "{error:?}"
    );
    assert!(error.to_string().contains("7.0"), "{error}");
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_with_a_readable_debug_output() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = connect(&format!("redis://127.0.0.1:{port}"), PATIENT).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let said = format!("{error:?}");
    assert!(said.starts_with("the store's server cannot be reached: "), "{said}");
    assert!(said.contains("Connection refused"), "{said}");
}

#[tokio::test]
async fn a_server_without_tls_is_an_error_if_tls_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rediss://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"-ERR unknown command\r\n").unwrap();
    });
    let error = connect(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_rejected_and_not_shown() {
    let server = RedisServer::start(&["--requirepass", "correct-horse"]);
    let at = |user: &str| format!("redis://{user}{}", server.address());
    let of_a_database = format!("{}/3", at(""));
    for url in [at(":hunter2@"), at("someone:hunter2@"), at(""), of_a_database] {
        let error = connect(&url, PATIENT).await.unwrap_err();
        assert!(matches!(error, ConnectError::Rejected { .. }), "{error:?}");
        let source = std::error::Error::source(&error).unwrap();
        for text in [format!("{error:?}"), error.to_string(), source.to_string()] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    let store = store_at(&at(":correct-horse@"), PATIENT).await;
    let config = RedisConfig::new(&at(":correct-horse@")).unwrap();
    for text in [format!("{store:?}"), format!("{config:?}")] {
        assert!(!text.contains("horse"), "{text}");
        assert!(text.contains(&server.port().to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_database_that_the_server_does_not_have_is_named_in_the_error() {
    let server = RedisServer::start(&[]);
    let sentinel = RedisServer::start_sentinel(&server, "main", 1, Duration::from_secs(60));
    let of_server = |database: i64| (format!("redis://{}/{database}", server.address()), database);
    let of_primary = format!("redis+sentinel://{}/main?db=16", sentinel.address());
    for (url, number) in [of_server(99_999), of_server(-1), of_server(16), (of_primary, 16)] {
        let error = connect_error(&url).await;
        let ConnectError::Database { database, .. } = &error else { panic!("{url}: {error:?}") };
        assert_eq!(*database, number);
        assert!(error.to_string().contains(&format!("database {number},")), "{error}");
    }
    store_at(&of_server(15).0, PATIENT).await;
}

/// Retries as [`store_at`] does.
async fn connect_error(url: &str) -> ConnectError {
    let mut error = connect(url, PATIENT).await.unwrap_err();
    for _ in 0..100 {
        if !matches!(error, ConnectError::Unreachable { .. }) {
            break;
        }
        error = connect(url, PATIENT).await.unwrap_err();
    }
    error
}

#[tokio::test]
async fn a_setting_that_cannot_work_is_an_error() {
    let server = RedisServer::start(&[]);
    let config = || RedisConfig::new(&server.url()).unwrap();
    let (no_time, no_try) =
        (config().with_deadline(Duration::ZERO), config().with_try_timeout(Duration::ZERO));
    for config in [no_time, no_try] {
        let error = RedisStore::connect_with(config).await.unwrap_err();
        assert!(matches!(error, ConnectError::Setting { .. }), "{error:?}");
        assert!(error.to_string().contains("set at least"), "{error}");
    }
}

#[tokio::test]
async fn no_duration_is_too_long() {
    let server = RedisServer::start(&[]);
    let config = RedisConfig::new(&server.url()).unwrap();
    let config = config.with_deadline(Duration::MAX).with_try_timeout(Duration::MAX);
    let store = RedisStore::connect_with(config).await.unwrap();
    for (lease, retention) in [
        (Duration::MAX, Duration::MAX),
        (Duration::MAX, Duration::ZERO),
        (Duration::ZERO, Duration::MAX),
        (Duration::ZERO, Duration::ZERO),
    ] {
        let (mut holder, key) = (attempt(), event(&format!("{lease:?} {retention:?}")));
        (holder.lease, holder.retention) = (lease, retention);
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        store.renew(&key, &holder).await.unwrap();
        store.complete(&key, &holder).await.unwrap();
        store.release(&key, &holder).await.unwrap();
    }
}

/// A server with one fixed response about itself.
fn pretender(info: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut replies = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        // `*2`, and then each word after its length.
        while let Some(count) = lines.next() {
            let words = count.trim_start_matches('*').parse::<usize>().unwrap() * 2;
            let words: Vec<_> = lines.by_ref().take(words).skip(1).step_by(2).collect();
            let reply = match words[0].as_str() {
                "INFO" => format!("${}\r\n{info}\r\n", info.len()),
                _ => "+OK\r\n".to_owned(),
            };
            if replies.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    });
    url
}
