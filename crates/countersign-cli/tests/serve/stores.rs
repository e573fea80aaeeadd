//! The program does not start with an unsuitable store.

use countersign_test_servers::RedisServer;

use rustix::process::Signal;

use crate::config::must_fix;
use crate::deliveries::jupiter;
use crate::processes;

fn config(store: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\nstore = '{store}'\n[[endpoint]]\npath = '/hooks/github'\n\
         scheme = 'github'\nsecrets = [{{ env = 'SECRET' }}]\n"
    )
}

#[tokio::test]
async fn two_applications_on_one_redis_keep_their_events_apart_by_their_prefixes() {
    let server = RedisServer::start(&[]);
    for (prefix, code, is_noted) in [
        ("--store-prefix one", "handled", false),
        ("--store-prefix two", "handled", false),
        ("--store-prefix two", "duplicate", false),
        ("", "handled", true),
        ("--store-prefix cs", "duplicate", false),
    ] {
        let mut serving =
            processes::jupiter(&format!("--store redis://{} {prefix}", server.address())).await;
        assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
        assert_eq!(serving.line().await["code"], code, "{prefix}");
        serving.signal(Signal::TERM);
        let (_, said) = serving.ended().await;
        assert_eq!(said.contains("begin with the default prefix `cs`"), is_noted, "{said}");
    }
}

#[tokio::test]
async fn the_file_names_the_prefix() {
    let server = RedisServer::start(&[]);
    let config = config(&format!("redis://{}", server.address()));
    let files = processes::Files::new(&format!("store_prefix = 'shop'\n{config}"));
    let serving = processes::configured(&files).await;
    let delivery =
        crate::deliveries::Delivery::signed("/hooks/github", "github", processes::SECRET, "{}");
    assert_eq!(delivery.send(serving.address()).await.status, 200);
    let keys = server.cli(&["KEYS", "*"]);
    assert!(keys.contains("shop:2:/hooks/github:") && !keys.contains("cs:"), "{keys}");
}

/// With every outage policy: none of them applies to a store that never works.
#[test]
fn a_redis_user_without_script_rights_is_an_error_that_names_the_rights() {
    let server = RedisServer::start(&[]);
    let user = ["ACL", "SETUSER", "noeval", "on", ">hunter2", "~*", "+@all", "-@scripting"];
    assert_eq!(server.cli(&user), "OK");
    let store = format!("redis://noeval:hunter2@{}", server.address());
    for policy in ["fail-closed", "local-fallback", "fail-open"] {
        let config = format!("{}outage = '{policy}'\n", config(&store));
        must_fix(&config, &["the store", "may not run its scripts", "+eval +evalsha"]);
    }
}

#[test]
fn a_plain_url_of_a_sentinel_is_an_error_that_shows_the_correct_url() {
    let primary = RedisServer::start(&[]);
    let down_after = std::time::Duration::from_secs(60);
    let sentinel = RedisServer::start_sentinel(&primary, "main", 1, down_after);
    must_fix(&config(&sentinel.url()), &["is a Sentinel", "redis+sentinel://"]);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_keeps_the_events_over_a_kill_and_for_two_servers() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("--store sqlite:{}", folder.path().join("events.db").display());
    let mut here = processes::jupiter(&store).await;
    assert_eq!(jupiter("evt_1").send(here.address()).await.status, 200);
    assert_eq!(here.line().await["code"], "handled");
    let mut there = processes::jupiter(&store).await;
    assert_eq!(jupiter("evt_1").send(there.address()).await.status, 200);
    assert_eq!(there.line().await["code"], "duplicate");
    for serving in [&here, &there] {
        serving.signal(Signal::KILL);
    }
    here.ended().await;
    there.ended().await;

    let mut again = processes::jupiter(&store).await;
    for (id, code) in [("evt_1", "duplicate"), ("evt_2", "handled")] {
        assert_eq!(jupiter(id).send(again.address()).await.status, 200);
        assert_eq!(again.line().await["code"], code, "{id}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_that_another_connection_has_locked_follows_the_outage_policy() {
    for (policy, status, code) in [
        ("fail-closed", 503, "store_unavailable"),
        ("local-fallback", 200, "handled"),
        ("fail-open", 200, "handled"),
    ] {
        let config = config("sqlite:events.db").replace("github", "jupiter");
        let files = processes::Files::new(&format!("{config}outage = '{policy}'\n"));
        let mut serving = processes::configured(&files).await;
        // The path is relative to the folder of the configuration.
        let other = rusqlite::Connection::open(files.path("events.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(jupiter("evt_1").send(serving.address()).await.status, status, "{policy}");
        assert_eq!(serving.line().await["code"], code, "{policy}");
        other.execute_batch("ROLLBACK").unwrap();
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn a_file_that_cannot_be_opened_is_an_error_that_says_what_to_do() {
    must_fix(
        &config("sqlite:missing/events.db"),
        &["the store `sqlite:", "missing` does not exist: create it"],
    );
    must_fix(&config("sqlite:serve.toml"), &["is damaged or no SQLite database"]);
    let with_prefix = format!("store_prefix = 'shop'\n{}", config("sqlite:events.db"));
    must_fix(&with_prefix, &["`store_prefix`", "use a separate file for each application"]);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_database_keeps_the_events_over_a_kill_and_for_two_servers() {
    use countersign_test_servers::PostgresServer;

    let server = PostgresServer::start(&[]);
    let store = format!("--store {}", server.url());
    let mut here = processes::jupiter(&store).await;
    assert_eq!(jupiter("evt_1").send(here.address()).await.status, 200);
    assert_eq!(here.line().await["code"], "handled");
    let mut there = processes::jupiter(&store).await;
    assert_eq!(jupiter("evt_1").send(there.address()).await.status, 200);
    assert_eq!(there.line().await["code"], "duplicate");
    for serving in [&here, &there] {
        serving.signal(Signal::KILL);
    }
    here.ended().await;
    there.ended().await;
    let events = server.psql("SELECT count(*) FROM countersign_event");
    assert_eq!(events, "1");

    let url = server.url_of("shop:hunter2");
    let names_server = format!("postgres://{}", server.address());
    must_fix(&config(&url), &["the store", &names_server, "rejects the user or the password"]);
    let missing = format!("postgres://postgres:hunter2@{}/missing", server.address());
    must_fix(&config(&missing), &["database does not exist", "create it"]);
    let with_prefix = format!("store_prefix = 'shop'\n{}", config(&url));
    must_fix(&with_prefix, &["`store_prefix`", "`schema=NAME`"]);
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_database_needs_the_feature_of_the_program() {
    let config = config("postgres://shop:hunter2@db.example/shop");
    must_fix(&config, &["built without Postgres", "--features postgres"]);
}

#[cfg(not(feature = "sqlite"))]
#[test]
fn a_file_needs_the_feature_of_the_program() {
    must_fix(&config("sqlite:events.db"), &["built without SQLite", "--features sqlite"]);
}
