//! Errors in a configuration, with their place and fix.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::processes::{Files, SECRET, command, configured};

pub(crate) const GOOD: &str = "listen = '127.0.0.1:0'\n\
                    [[endpoint]]\n\
                    path = '/hooks/jupiter'\n\
                    scheme = 'jupiter'\n\
                    secrets = [{ env = 'SECRET' }]\n";

#[track_caller]
pub(crate) fn must_fix(config: &str, said: &[&str]) {
    let files = Files::new(config).with("empty.txt", "").with("good.txt", SECRET);
    let files = files.with("blank.txt", "  \n");
    let mut command = command("--config");
    command.arg(files.path("serve.toml"));
    rejected(command, said);
}

#[track_caller]
pub(crate) fn rejected(mut command: std::process::Command, said: &[&str]) {
    let ended = output_of(&mut command);
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{stderr}");
    assert!(ended.stdout.is_empty() && !stderr.contains("panicked"), "{stderr}");
    assert!(!stderr.contains(SECRET) && !stderr.contains("hunter2"), "{stderr}");
    for said in said {
        assert!(stderr.contains(said), "`{said}` is not in: {stderr}");
    }
}

/// A program that accepts the configuration by mistake serves, and is killed.
fn output_of(command: &mut std::process::Command) -> std::process::Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let end = Instant::now() + PATIENCE;
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            process.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    }
    process.wait_with_output().unwrap()
}

/// Longer than any check takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_suspicious_secret_causes_a_warning_at_start_and_is_never_shown() {
    let config = GOOD.replace("{ env = 'SECRET' }", "{ env = 'SECRET' }, { file = 'odd.txt' }");
    let files = Files::new(&config).with("odd.txt", " 'hunter2'");
    let serving = configured(&files).await;
    serving.signal(Signal::TERM);
    let (status, said) = serving.ended().await;
    assert!(status.success() && !said.contains("hunter2"), "{said}");
    let warned: Vec<&str> = said.lines().filter(|line| line.contains("odd.txt` has")).collect();
    assert_eq!(warned.len(), 3, "{said}");
    for (warning, what) in warned.iter().zip(["white space", "quotes", "a key of 10 bytes"]) {
        assert!(
            warning.contains("serve.toml`, line 5, `secrets`: scheme `jupiter`: the"),
            "{warning}"
        );
        assert!(warning.contains(what), "{warning}");
    }
}

#[tokio::test]
async fn expired_secrets_are_reported_with_their_line() {
    for (time, is_reported) in [
        ("not_after = '2020-01-01T00:00:00Z'", true),
        ("not_before = '2999-01-01T00:00:00Z'", true),
        ("not_after = '2999-01-01T00:00:00Z'", false),
    ] {
        let config = GOOD.replace("env = 'SECRET'", &format!("env = 'SECRET', {time}"));
        let serving = configured(&Files::new(&config)).await;
        serving.signal(Signal::TERM);
        let (_, said) = serving.ended().await;
        let reported = said.contains("serve.toml`, line 5, `secrets`: no secret is valid now");
        assert_eq!(reported, is_reported, "{time}: {said}");
    }
}

#[tokio::test]
async fn a_body_limit_above_the_request_budget_raises_the_budget() {
    let serving = configured(&Files::new(&format!("{GOOD}body_limit = 104857600\n"))).await;
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    assert!(said.contains("all requests together may use 135 MiB of memory"), "{said}");
}

#[test]
fn each_error_names_the_file_the_line_the_key_and_the_fix() {
    let line = |line: &str, key: &str| format!("serve.toml`, line {line}, `{key}`");
    for (from, to, at, fix) in [
        ("path =", "pth =", line("3", "pth"), "`path`"),
        ("listen = '127.0.0.1:0'", "", line("1", "listen"), "127.0.0.1:3000"),
        ("listen = '127.0.0.1:0'", "listen = 3000", line("1", "listen"), "127.0.0.1:3000"),
        ("'jupiter'", "'jupitre'", line("4", "scheme"), "did you mean `jupiter`"),
        ("'jupiter'", "'nowhere.toml'", line("4", "scheme"), "nowhere.toml` cannot be read"),
        ("'jupiter'", "'empty.txt'", line("4", "scheme"), "countersign schemes"),
        ("'jupiter'", "5", line("4", "scheme"), "scheme = \"venum\""),
        ("/hooks/jupiter", "hooks/jupiter", line("3", "path"), "begin with `/`"),
        ("/hooks/jupiter", "/hooks?a", line("3", "path"), "without a query"),
        ("/hooks/jupiter", "/healthz", line("3", "path"), "choose another path"),
        ("/hooks/jupiter", "/hooks/{id}", line("3", "path"), "no segment of the path"),
        ("/hooks/jupiter", "/hooks/{tenant}", line("3", "path"), "add a table"),
        ("/hooks/jupiter", "/metrics", line("3", "path"), "choose another path"),
        ("/hooks/jupiter", "/readyz", line("3", "path"), "choose another path"),
        ("'SECRET'", "'NOT_SET'", line("5", "secrets"), "`NOT_SET` is not set: export it"),
        ("env = 'SECRET'", "file = 'empty.txt'", line("5", "secrets"), "is empty: paste"),
        ("env = 'SECRET'", "file = 'blank.txt'", line("5", "secrets"), "nothing but white space"),
        ("env = 'SECRET'", "file = 'absent'", line("5", "secrets"), "cannot be read"),
        ("env = 'SECRET'", "name = 'x'", line("5", "secrets"), "one of `env` and `file`"),
        ("{ env = 'SECRET' }", "", line("5", "secrets"), "{ env = \"NAME\" }"),
        ("env =", "text =", line("5", "text"), "`env`"),
    ] {
        must_fix(&GOOD.replacen(from, to, 1), &[&at, fix]);
    }
    for (more, key, fix) in [
        ("tolerance = 'soon'", "tolerance", "write `300s`, `5m` or `7d`"),
        ("tolerance = 300", "tolerance", "\"5m\""),
        ("retention = '1s'", "retention", "at least"),
        ("ack_deadline = '0s'", "ack_deadline", "between 100ms and 1h"),
        ("ack_deadline = '99y'", "ack_deadline", "between 100ms and 1h"),
        ("body_limit = 0", "body_limit", "above 0"),
        ("body_limit = -1", "body_limit", "above 0"),
        ("body_limit = 2147483648", "body_limit", "1 GiB"),
        ("body_limit = 9223372036854775807", "body_limit", "1 GiB"),
        ("tolerance = '0s'", "tolerance", "between 1s and 1y"),
        ("tolerance = '99y'", "tolerance", "between 1s and 1y"),
        ("retention = '99y'", "retention", "at most 10y"),
        ("outage = 'open'", "outage", "fail-open"),
        ("forward = 'localhost:80'", "forward", "http://"),
        ("forward = 'ftp://a/b'", "forward", "http://"),
        ("forward = 'http://u:hunter2@a/b'", "forward", "remove it"),
        ("forward = 'http://127.0.0.1:99999/b'", "forward", "1 to 65535"),
        ("forward = 'http://127.0.0.1:0/b'", "forward", "1 to 65535"),
        ("forward = 'http://127.0.0.1:/b'", "forward", "1 to 65535"),
        ("forward = 'http://127.1/b'", "forward", "four decimal parts"),
        ("handler_timeout = '0s'", "handler_timeout", "between 100ms and 1h"),
        ("lease = '5s'", "lease", "expected one of"),
        ("tolerence = '5m'", "tolerence", "did you mean `tolerance`"),
        ("only = 'push'", "only", "only = [\"push\""),
        ("only = []", "only", "no event would be handled"),
        ("only = ['a*b']", "only", "its last character"),
    ] {
        must_fix(&format!("{GOOD}{more}\n"), &[&line("6", key), fix]);
    }
    for (more, key, fix) in [
        ("header_timeout = '0s'", "header_timeout", "between 100ms and 1h"),
        ("header_timeout = 10", "header_timeout", "\"5m\""),
        ("admin = 9000", "admin", "127.0.0.1:9000"),
        ("conections = 9", "conections", "did you mean `connections`"),
        ("idle_timeout = '2h'", "idle_timeout", "between 100ms and 1h"),
        ("connections = 0", "connections", "above 0"),
        ("drain_timeout = '0s'", "drain_timeout", "between 100ms and 1h"),
        ("forwarded_headers = 'maybe'", "forwarded_headers", "\"keep\""),
        ("forwarded_headers = ['X-Acme-*-Id']", "forwarded_headers", "its last character"),
        ("forwarded_headers = ['*-Id']", "forwarded_headers", "its last character"),
        ("forwarded_headers = ['Countersign-*']", "forwarded_headers", "never forwarded"),
        ("forwarded_headers = ['x', 'Proxy_Url']", "forwarded_headers", "never forwarded"),
        ("forwarded_headers = ['connection']", "forwarded_headers", "never forwarded"),
        ("store_prefix = 'shop'", "store_prefix", "the store is `memory`"),
        ("store_prefix = ''", "store_prefix", "1 to 64 letters"),
        ("store_prefix = 'a*b'", "store_prefix", "1 to 64 letters"),
        ("store_prefix = 7", "store_prefix", "store_prefix = \"shop\""),
    ] {
        must_fix(&format!("{more}\n{GOOD}"), &[&line("1", key), fix]);
    }
    let own = GOOD.replacen("127.0.0.1:0", "127.0.0.1:3999", 1);
    let own = format!("{own}forward = 'http://localhost:3999/hooks/jupiter'\n");
    must_fix(&own, &[&line("6", "forward"), "an endpoint of this server"]);
    must_fix(&GOOD.replacen("[[endpoint]]", "[endpoint]", 1), &[&line("2", "endpoint"), "[[end"]);
    must_fix("listen = '127.0.0.1:0'\n", &["serve.toml`", "[[endpoint]]"]);
    must_fix(&format!("{GOOD}{}", &GOOD[GOOD.find('[').unwrap()..]), &[&line("7", "path"), "two"]);
    must_fix("listen = \n", &["line 1"]);
}

#[test]
fn a_secret_in_the_file_is_rejected_with_the_reason_and_not_echoed() {
    for secrets in [
        format!("secret = '{SECRET}'"),
        format!("secrets = '{SECRET}'"),
        format!("secrets = ['{SECRET}']"),
        format!("secrets = [\n  '{SECRET}',\n]"),
        format!("secrets = {{ env = '{SECRET}' }}"),
        format!("secrets = [{{ env = '{SECRET}' }}]"),
        format!("secrets = [{{ file = '{SECRET}' }}]"),
        format!("secrets = [{{ env = 'SECRET' }}]\nsecret = '{SECRET}'"),
    ] {
        let config = GOOD.replacen("secrets = [{ env = 'SECRET' }]", &secrets, 1);
        must_fix(&config, &["serve.toml`, line", "never the secret"]);
    }
    // A type error on the line of a secret.
    must_fix(&GOOD.replacen("'SECRET'", SECRET, 1), &["serve.toml`, line 5"]);
    must_fix(&GOOD.replacen("env =", &format!("{SECRET} ="), 1), &["serve.toml`, line 5"]);
    must_fix(&format!("{GOOD}[{SECRET}]\n"), &["serve.toml`, line 6"]);
    must_fix(&format!("{GOOD}'{SECRET}\n"), &["serve.toml`, line 6"]);
}

#[test]
fn a_scheme_that_signs_the_url_needs_one() {
    let square = "name = 'acme-square'\nsignature_header = 'X-S'\nsigned_payload = '{url}{body}'\n";
    let files = Files::new(&GOOD.replacen("'jupiter'", "'square.toml'", 1));
    let files = files.with("square.toml", square);
    let with_config = |files: &Files| {
        let mut command = command("--config");
        command.arg(files.path("serve.toml"));
        command
    };
    rejected(with_config(&files), &["line 4", "`scheme`", "as `url`"]);
    let config = GOOD.replacen("'jupiter'", "'square.toml'\nurl = 'example.com'", 1);
    let files = files.with("serve.toml", config);
    rejected(with_config(&files), &["line 5", "`url`", "https://"]);
}

#[test]
fn bodies_that_contain_the_secret_are_not_printed() {
    let files = Files::new(&GOOD.replace("'jupiter'", "'figma'"));
    let mut serve = command("--show-body --config");
    serve.arg(files.path("serve.toml"));
    rejected(serve, &["`--show-body` would print the secret of `/hooks/jupiter`", "`figma`"]);
}

#[test]
fn an_error_names_the_store_without_its_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let shown = format!("the store `redis://{closed}`: ");
    must_fix(
        &format!("store = 'redis://user:hunter2@{closed}/1'\n{GOOD}"),
        &[&shown, "cannot be reached"],
    );
    must_fix(&format!("store = 'mysql://u:hunter2@h'\n{GOOD}"), &["`redis://`"]);
    let good = "--listen 127.0.0.1:0 --endpoint /x=jupiter --secret-env SECRET";
    rejected(
        command(&format!("{good} --store redis://:hunter2@{closed}")),
        &["`--store`", "`--config`"],
    );
}

#[test]
fn missing_options_are_named() {
    let good = "--listen 127.0.0.1:0 --endpoint /x=jupiter --secret-env SECRET";
    for (words, said) in [
        ("", "--config"),
        ("--config nowhere.toml", "`nowhere.toml` cannot be read"),
        ("--config a.toml --endpoint /x=jupiter", "--config"),
        ("--config a.toml --secret-env SECRET", "--config"),
        ("--config a.toml --store memory", "--config"),
        ("--listen 127.0.0.1:0 --secret-env SECRET", "--endpoint"),
        ("--listen 127.0.0.1:0 --endpoint /x=jupiter", "--secret-env"),
        ("--endpoint /x=jupiter --secret-env SECRET", "--listen"),
        ("--config a.toml --store-prefix shop", "--config"),
        (&format!("{good} --store-prefix shop"), "`--store-prefix`: the store is `memory`"),
        (&format!("{good} --store-prefix shop*"), "`--store-prefix`: is not a prefix"),
        (&format!("{good} --endpoint /y/{{id}}=jupiter"), "no segment of the path"),
        (&format!("{good} --endpoint /y"), "--endpoint /y"),
        (&format!("{good} --endpoint /x=venum"), "two endpoints"),
        (&format!("{good} --endpoint /y=jupitre"), "did you mean `jupiter`"),
        (&format!("{good} --forward nowhere"), "`--forward`"),
        (&format!("{good} --secret-env NOT_SET"), "`NOT_SET`"),
        (&good.replacen("127.0.0.1:0", "nowhere", 1), "127.0.0.1:3000"),
    ] {
        rejected(command(words), &[said]);
    }
}

#[tokio::test]
async fn endpoints_of_the_command_line_share_its_secrets() {
    use crate::deliveries::{Delivery, jupiter};
    let mut serving = crate::processes::jupiter("--endpoint /github=github").await;
    let github = Delivery::signed("/github", "github", SECRET, "{}");
    assert_eq!(github.send(serving.address()).await.status, 200);
    assert_eq!(serving.line().await["endpoint"], "/github");
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    assert_eq!(serving.line().await["endpoint"], "/hooks/jupiter");
}
