//! SIGHUP reloads the configuration without dropping requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use tokio::task::JoinSet;

use crate::deliveries::{Delivery, jupiter};
use crate::processes::{self, Files, OLD_SECRET, SECRET, Serving, configured};

const CONFIG: &str = "listen = '127.0.0.1:0'\n\
                      [[endpoint]]\n\
                      path = '/hooks/jupiter'\n\
                      scheme = 'jupiter'\n\
                      secrets = [{ file = 'secret' }]\n";

#[tokio::test]
async fn under_load_secrets_are_replaced_and_no_delivery_is_rejected_or_dropped() {
    let files = Files::new(CONFIG).with("secret", OLD_SECRET).with("new", SECRET);
    let mut serving = configured(&files).await;
    let to = serving.address();
    let stopped = Arc::new(AtomicBool::new(false));
    let mut load = JoinSet::new();
    let mut deliver = |by: &'static str, name: &'static str| {
        for sender in 0..4 {
            let stopped = Arc::clone(&stopped);
            load.spawn(async move {
                for sent in 0.. {
                    let id = format!("{name}-{sender}-{sent}");
                    assert_eq!(signed(by, &id).send(to).await.status, 200, "{id}");
                    if stopped.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
    };
    deliver(OLD_SECRET, "old");
    let files =
        files.with("serve.toml", CONFIG.replace("'secret' }", "'new' }, { file = 'secret' }"));
    read_again(&mut serving, 1).await;
    deliver(SECRET, "new");
    for _ in 0..20 {
        read_again(&mut serving, 1).await;
    }
    stopped.store(true, Ordering::SeqCst);
    while let Some(sent) = load.join_next().await {
        sent.unwrap();
    }

    let _files = files.with("serve.toml", CONFIG.replace("'secret'", "'new'"));
    read_again(&mut serving, 1).await;
    assert_eq!(signed(OLD_SECRET, "late").send(to).await.status, 401);
    assert_eq!(signed(SECRET, "last").send(to).await.status, 200);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn the_secrets_of_the_command_line_are_read_again_too() {
    let files = Files::new("").with("secret", OLD_SECRET);
    let mut command = processes::command("--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter");
    command.arg("--secret-file").arg(files.path("secret"));
    let mut serving = Serving::start(command).await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 401);
    let _files = files.with("secret", SECRET);
    read_again(&mut serving, 1).await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn an_invalid_file_changes_nothing_and_is_reported() {
    let files = Files::new(CONFIG).with("secret", SECRET);
    let mut serving = configured(&files).await;
    let mut files = Some(files);
    for (config, secret, said) in [
        ("listen = \n", SECRET, "line 1"),
        (CONFIG, "", "is empty: paste"),
        (
            &CONFIG.replace("jupiter'\nsecrets", "jupitre'\nsecrets"),
            SECRET,
            "did you mean `jupiter`",
        ),
        (&CONFIG.replace("'secret'", "'absent'"), SECRET, "cannot be read"),
    ] {
        let broken = files.take().unwrap().with("serve.toml", config).with("secret", secret);
        files = Some(broken);
        serving.signal(Signal::HUP);
        let note = serving.note().await;
        assert!(note.contains("error: the configuration was not reloaded"), "{note}");
        assert!(note.contains(said) && !note.contains(SECRET), "{note}");
        let answered = jupiter("evt_1").send(serving.address()).await;
        assert_eq!(answered.status, 200, "{said}");
    }
}

#[tokio::test]
async fn changes_that_need_a_restart_are_reported_and_not_applied() {
    let more =
        "[[endpoint]]\npath = '/gone'\nscheme = 'jupiter'\nsecrets = [{ file = 'secret' }]\n";
    let files = Files::new(&format!("{CONFIG}{more}")).with("secret", OLD_SECRET);
    let mut serving = configured(&files).await;
    let changed =
        CONFIG.replace("listen = '127.0.0.1:0'", "listen = '127.0.0.1:9'\nstore = 'redis://h'");
    let changed = format!("{changed}body_limit = 3\n{}", more.replace("/gone", "/new"));
    let _files = files.with("serve.toml", changed).with("secret", SECRET);
    serving.signal(Signal::HUP);
    for said in [
        "`listen` has changed",
        "`store` has changed",
        "`body_limit` of `/hooks/jupiter` has changed",
        "`/new` is new",
        "`/gone` is gone",
    ] {
        let note = serving.note().await;
        assert!(note.contains(said) && note.contains("restart"), "`{said}` is not in: {note}");
    }
    assert!(serving.note().await.contains("secrets of 1 endpoint"));
    let to = serving.address();
    assert_eq!(jupiter("evt_1").send(to).await.status, 200);
    let mut delivery = jupiter("evt_1");
    delivery.path = "/new";
    assert_eq!(delivery.send(to).await.status, 404);
    let mut delivery = signed(OLD_SECRET, "evt_2");
    delivery.path = "/gone";
    assert_eq!(delivery.send(to).await.status, 200);
}

#[tokio::test]
async fn an_endpoint_whose_scheme_has_changed_keeps_scheme_and_secrets() {
    let files = Files::new(CONFIG).with("secret", SECRET);
    let mut serving = configured(&files).await;
    let changed = CONFIG.replace("scheme = 'jupiter'", "scheme = 'github'");
    let _files = files.with("serve.toml", changed).with("secret", OLD_SECRET);
    serving.signal(Signal::HUP);
    assert!(serving.note().await.contains("`scheme` of `/hooks/jupiter` has changed"));
    assert!(serving.note().await.contains("the secrets of `/hooks/jupiter` are not changed"));
    assert!(serving.note().await.contains("secrets of 0 endpoints"));
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn a_secret_is_accepted_only_during_its_validity() {
    for (time, status) in [
        ("not_before = '2020-01-01T00:00:00Z', not_after = '2999-01-01T00:00:00+01:00'", 200),
        ("not_after = 2020-01-01T00:00:00Z", 503),
        ("not_before = 2999-01-01T00:00:00Z", 503),
    ] {
        let config = CONFIG.replace("'secret' }", &format!("'secret', {time} }}"));
        let serving = configured(&Files::new(&config).with("secret", SECRET)).await;
        assert_eq!(jupiter("evt_1").send(serving.address()).await.status, status, "{time}");
    }
}

#[tokio::test]
async fn secrets_that_are_all_invalid_now_do_not_replace_others() {
    let files = Files::new(CONFIG).with("secret", SECRET).with("new", OLD_SECRET);
    let mut serving = configured(&files).await;
    let mut files = Some(files);
    for secrets in [
        "{ file = 'secret', not_after = 2020-01-01T00:00:00Z }",
        "{ file = 'new', not_before = 2999-01-01T00:00:00Z }",
        "{ file = 'new', not_before = 2999-01-01T00:00:00Z }, \
         { file = 'secret', not_after = 2020-01-01T00:00:00Z }",
    ] {
        let config = CONFIG.replace("{ file = 'secret' }", secrets);
        files = files.take().map(|files| files.with("serve.toml", config));
        serving.signal(Signal::HUP);
        let note = serving.note().await;
        let kept = "the secrets of `/hooks/jupiter` were not replaced: the secret";
        assert!(note.contains(kept), "{secrets}: {note}");
        assert!(note.contains("add a secret that is valid now"), "{secrets}: {note}");
        // No note says that deliveries are rejected, because they are not.
        assert!(serving.note().await.contains("secrets of 0 endpoints"), "{secrets}");
        assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200, "{secrets}");
    }
}

#[tokio::test]
async fn an_expired_key_does_not_replace_a_valid_one_and_is_reported_at_start() {
    let config = "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/fa'\nscheme = 'fusionauth'\n\
                  secrets = [{ file = 'key' }]\n";
    let jwk = |more: &str| {
        let x = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#)
    };
    let expired = jwk(r#","expired_at":1600000000"#);
    let files = Files::new(config).with("key", jwk(""));
    let mut serving = configured(&files).await;
    let files = files.with("key", &expired);
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("were not replaced: the secret is not valid now"), "{note}");
    // It has no token.
    let unsigned = Delivery::signed("/fa", "github", "a shared key", "{}");
    assert_eq!(unsigned.send(serving.address()).await.status, 401);
    drop(serving);

    let serving = configured(&files).await;
    assert_eq!(unsigned.send(serving.address()).await.status, 503);
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    assert!(said.contains("line 5, `secrets`: no secret is valid now"), "{said}");
    assert!(said.contains("JWK has not expired") && !said.contains("Gb9E"), "{said}");
}

#[tokio::test]
async fn a_tenant_does_not_lose_its_last_valid_secret() {
    let config = |acme: &str, beta: &str| {
        format!(
            "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/{{tenant}}'\n\
             scheme = 'github'\n[endpoint.tenants.secrets]\nacme = [{{ file = 'a'{acme} }}]\n\
             beta = [{{ file = '{beta}' }}]\nlate = [{{ file = 'd'{EXPIRED} }}]\n"
        )
    };
    let files = Files::new(&config("", "b")).with("a", SECRET).with("b", OLD_SECRET);
    let files = files.with("c", THIRD_SECRET).with("d", "canary-of-next-year");
    let mut serving = configured(&files).await;
    let to = serving.address();
    let acme = Delivery::signed("/hooks/acme", "github", SECRET, "{}");
    let beta = Delivery::signed("/hooks/beta", "github", THIRD_SECRET, "{}");
    assert_eq!((acme.send(to).await.status, beta.send(to).await.status), (200, 401));

    let files = files.with("serve.toml", config(EXPIRED, "c"));
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("the secrets of `/hooks/{tenant}` were not replaced"), "{note}");
    assert!(note.contains("no new secret of the tenant `acme` is valid now"), "{note}");
    assert!(serving.note().await.contains("secrets of 0 endpoints"));
    assert_eq!((acme.send(to).await.status, beta.send(to).await.status), (200, 401));

    // A tenant that had no valid secret before prevents nothing, and is reported again.
    let _files = files.with("serve.toml", config("", "c"));
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    let reported = "no secret of the tenant `late` is valid now, so every delivery to it is";
    assert!(note.contains("line 8, `secrets`") && note.contains(reported), "{note}");
    assert!(serving.note().await.contains("secrets of 1 endpoint"));
    assert_eq!((acme.send(to).await.status, beta.send(to).await.status), (200, 200));
    let late = Delivery::signed("/hooks/late", "github", "canary-of-next-year", "{}");
    assert_eq!(late.send(to).await.status, 503);
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    assert!(said.matches(reported).count() == 2, "{said}");
}

/// The endpoint `/x` signs any text in its unsigned challenge.
#[tokio::test]
async fn the_secret_of_a_running_endpoint_is_rejected_at_other_endpoints() {
    let x = |scheme: &str, secret: &str| {
        format!(
            "[[endpoint]]\npath = '/x'\nscheme = '{scheme}'\nsecrets = [{{ file = '{secret}' }}]\n"
        )
    };
    let github = |secret: &str| {
        format!(
            "[[endpoint]]\npath = '/gh'\nscheme = 'github'\nsecrets = [{{ file = '{secret}' }}]\n"
        )
    };
    let file = |x: &str, github: &str| format!("listen = '127.0.0.1:0'\n{x}{github}");
    let files = Files::new(&file(&x("x-twitter", "a"), &github("b")));
    let files = files.with("a", SECRET).with("b", OLD_SECRET).with("c", "0123456789abcdef01");
    let mut serving = configured(&files).await;
    let to = serving.address();
    let mut files = Some(files);
    for (what, x) in [
        ("gone", String::new()),
        ("of another scheme", x("jupiter", "a")),
        ("of another scheme and with another secret", x("jupiter", "c")),
        ("with another secret", x("x-twitter", "c")),
    ] {
        files = files.take().map(|files| files.with("serve.toml", file(&x, &github("a"))));
        serving.signal(Signal::HUP);
        let note = serving.note().await;
        assert!(note.contains("the configuration was not reloaded"), "{what}: {note}");
        assert!(note.contains("`/x` and `/gh` share a secret"), "{what}: {note}");
        let delivery = |secret| Delivery::signed("/gh", "github", secret, "{}");
        assert_eq!(delivery(SECRET).send(to).await.status, 401, "{what}");
        assert_eq!(delivery(OLD_SECRET).send(to).await.status, 200, "{what}");
    }
    let _files =
        files.map(|files| files.with("serve.toml", file(&x("x-twitter", "a"), &github("c"))));
    read_again(&mut serving, 2).await;
    let delivery = Delivery::signed("/gh", "github", "0123456789abcdef01", "{}");
    assert_eq!(delivery.send(to).await.status, 200);
}

/// The endpoint `/x` signs any text in its unsigned challenge.
#[tokio::test]
async fn a_secret_that_ever_signed_challenges_is_rejected_at_other_endpoints() {
    let config = |x: &str, github: &str| {
        format!(
            "listen = '127.0.0.1:0'\n\
             [[endpoint]]\npath = '/x'\nscheme = 'x-twitter'\nsecrets = [{{ file = '{x}' }}]\n\
             [[endpoint]]\npath = '/gh'\nscheme = 'github'\nsecrets = [{{ file = '{github}' }}]\n"
        )
    };
    let files = Files::new(&config("a", "b")).with("a", SECRET).with("b", OLD_SECRET);
    let mut files = files.with("c", THIRD_SECRET).with("d", "canary-of-next-year");
    let mut serving = configured(&files).await;
    for x in ["c", "d"] {
        files = files.with("serve.toml", config(x, "b"));
        read_again(&mut serving, 2).await;
    }
    for (former, secret) in [("a", SECRET), ("c", THIRD_SECRET)] {
        files = files.with("serve.toml", config("d", former));
        is_rejected(&mut serving, "`/x` and `/gh` share a secret").await;
        let delivery = Delivery::signed("/gh", "github", secret, "{}");
        assert_eq!(delivery.send(serving.address()).await.status, 401, "{former}");
    }
    // Its own former secret it may have again.
    let _files = files.with("serve.toml", config("a", "b"));
    read_again(&mut serving, 2).await;
}

#[tokio::test]
async fn a_former_secret_of_a_tenant_is_rejected_for_other_tenants() {
    let config = "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/{tenant}'\n\
                  scheme = 'github'\ntenants = { directory = 'tenants' }\n";
    let files = Files::new(config).with_folder("tenants");
    let mut files = files.with("tenants/acme", SECRET).with("tenants/beta", OLD_SECRET);
    let mut serving = configured(&files).await;
    let to = serving.address();
    let acme = Delivery::signed("/hooks/acme", "github", SECRET, "{}");
    let mut beta = acme.clone();
    beta.path = "/hooks/beta";
    assert_eq!(acme.send(to).await.status, 200);

    // In one reload, in a later one, and after a further one.
    files = files.with("tenants/acme", THIRD_SECRET).with("tenants/beta", SECRET);
    is_rejected(&mut serving, "the tenants `acme` and `beta` of `/hooks/{tenant}`").await;
    assert_eq!((acme.send(to).await.status, beta.send(to).await.status), (200, 401));
    for next in [THIRD_SECRET, "canary-of-next-year"] {
        files = files.with("tenants/acme", next).with("tenants/beta", OLD_SECRET);
        read_again(&mut serving, 1).await;
        files = files.with("tenants/beta", SECRET);
        is_rejected(&mut serving, "the tenants `acme` and `beta` of `/hooks/{tenant}`").await;
        assert_eq!((acme.send(to).await.status, beta.send(to).await.status), (401, 401));
    }
    // A tenant that is gone has had its secrets, too; its own it may have again.
    files = files.with("tenants/beta", OLD_SECRET).with("tenants/acme", SECRET);
    read_again(&mut serving, 1).await;
    std::fs::remove_file(files.path("tenants/acme")).unwrap();
    read_again(&mut serving, 1).await;
    let _files = files.with("tenants/beta", SECRET);
    is_rejected(&mut serving, "the tenants `acme` and `beta` of `/hooks/{tenant}`").await;
    assert_eq!(beta.send(to).await.status, 401);
}

#[tokio::test]
async fn a_new_secret_is_redacted_in_captures_even_if_capture_was_removed_from_the_file() {
    let files = Files::new(&format!("capture = 'captures'\n{CONFIG}")).with("secret", OLD_SECRET);
    let mut serving = configured(&files).await;
    let files = files.with("serve.toml", CONFIG).with("secret", SECRET);
    read_again(&mut serving, 1).await;
    let delivery = signed(SECRET, "evt_1").with_header("x-odd", &format!("Bearer {SECRET}"));
    assert_eq!(delivery.send(serving.address()).await.status, 200);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));

    let captured = std::fs::read_dir(files.path("captures")).unwrap();
    let captured = captured.map(|entry| entry.unwrap().path());
    let captured = captured.filter(|path| path.extension().is_some_and(|it| it == "json"));
    let captured: Vec<_> = captured.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let [captured] = &captured[..] else { panic!("one delivery, one file: {captured:?}") };
    assert!(captured.contains("evt_1") && !captured.contains(SECRET), "{captured}");
}

#[tokio::test]
async fn secrets_are_replaced_even_if_another_change_needs_a_restart() {
    let config = "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/gh'\nscheme = 'github'\n\
                  secrets = [{ file = 'secret' }]\n";
    let files = Files::new(config).with("secret", OLD_SECRET);
    let mut serving = configured(&files).await;
    let with_id = format!("{config}event_id = '/id'\n");
    let _files = files.with("serve.toml", with_id).with("secret", SECRET);
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("`event_id` of `/gh` has changed") && note.contains("restart"), "{note}");
    assert!(serving.note().await.contains("secrets of 1 endpoint"));
    for (secret, status) in [(SECRET, 200), (OLD_SECRET, 401)] {
        let delivery = Delivery::signed("/gh", "github", secret, "{}");
        assert_eq!(delivery.send(serving.address()).await.status, status);
    }
}

#[tokio::test]
async fn an_endless_file_is_reported_and_the_next_signal_is_handled() {
    let files = Files::new(CONFIG).with("secret", OLD_SECRET);
    let mut serving = configured(&files).await;
    make_pipe(&files, "secret");
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("a pipe that nothing is written to"), "{note}");
    assert_eq!(signed(OLD_SECRET, "evt_1").send(serving.address()).await.status, 200);
    std::fs::remove_file(files.path("secret")).unwrap();
    let _files = files.with("secret", SECRET);
    read_again(&mut serving, 1).await;
    assert_eq!(signed(SECRET, "evt_2").send(serving.address()).await.status, 200);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_pipe_instead_of_a_tenant_file_is_an_error() {
    let config = CONFIG.replace("secrets = [{ file = 'secret' }]", "tenants = { directory = 't' }");
    let config = config.replace("/hooks/jupiter", "/hooks/{tenant}");
    let files = Files::new(&config).with_folder("t").with("t/acme", SECRET);
    let mut serving = configured(&files).await;
    make_pipe(&files, "t/other");
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("the configuration was not reloaded"), "{note}");
    assert!(note.contains("`other` is not a regular file"), "{note}");
}

fn make_pipe(files: &Files, name: &str) {
    let path = files.path(name);
    let _ = std::fs::remove_file(&path);
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Reloads the configuration, and waits until it is done.
async fn read_again(serving: &mut Serving, endpoints: usize) {
    serving.signal(Signal::HUP);
    let said = format!("secrets of {endpoints} endpoint");
    while !serving.note().await.contains(&said) {}
}

/// Reloads the configuration, which is rejected because of a shared secret.
async fn is_rejected(serving: &mut Serving, said: &str) {
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("the configuration was not reloaded"), "{note}");
    assert!(note.contains(said) && note.contains("only a restart forgets"), "{note}");
    for secret in [SECRET, OLD_SECRET, THIRD_SECRET] {
        assert!(!note.contains(secret), "{note}");
    }
}

fn signed(secret: &str, id: &str) -> Delivery {
    let body = format!(r#"{{"event_id":"{id}","type":"swap.completed"}}"#);
    Delivery::signed("/hooks/jupiter", "jupiter", secret, body)
}

const THIRD_SECRET: &str = "canary-of-a-third-secret";
const EXPIRED: &str = ", not_after = 2020-01-01T00:00:00Z";
