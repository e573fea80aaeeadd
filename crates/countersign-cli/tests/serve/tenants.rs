//! Endpoints with several tenants.

use rustix::process::Signal;

use crate::deliveries::Delivery;
use crate::processes::{Files, OLD_SECRET, SECRET, command, configured};

const BY_HEADER: &str = "listen = '127.0.0.1:0'\n\
                         [[endpoint]]\n\
                         path = '/hooks'\n\
                         scheme = 'jupiter'\n\
                         [endpoint.tenants]\n\
                         header = 'X-Webhook-ID'\n\
                         [endpoint.tenants.secrets]\n\
                         acme = [{ env = 'SECRET' }]\n\
                         globex = [{ file = 'globex.txt', name = 'globex-2026' }]\n";

const BY_PATH: &str = "listen = '127.0.0.1:0'\n\
                       [[endpoint]]\n\
                       path = '/hooks/{tenant}/in'\n\
                       scheme = 'jupiter'\n\
                       tenants = { directory = 'tenants' }\n";

#[tokio::test]
async fn a_header_names_the_tenant_and_the_table_has_its_secrets() {
    let files = Files::new(BY_HEADER).with("globex.txt", OLD_SECRET);
    let mut serving = configured(&files).await;
    for (tenant, secret, status, code) in [
        ("acme", SECRET, 200, "handled"),
        // The same id from another tenant is a different event.
        ("globex", OLD_SECRET, 200, "handled"),
        ("acme", SECRET, 200, "duplicate"),
        ("acme", OLD_SECRET, 401, "signature_mismatch"),
        ("initech", SECRET, 503, "unknown_tenant"),
    ] {
        let delivery = delivery("/hooks", secret).with_header("x-webhook-id", tenant);
        let answered = delivery.send(serving.address()).await;
        assert_eq!((answered.status, answered.body.len()), (status, 0), "{tenant}: {code}");
        let line = serving.line().await;
        assert_eq!((&line["code"], &line["endpoint"]), (&code.into(), &"/hooks".into()));
        // The name of an unverified tenant is not printed.
        assert_eq!(line["tenant"].as_str(), (status == 200).then_some(tenant));
    }
    let (_, said) = {
        serving.signal(Signal::TERM);
        serving.ended().await
    };
    assert!(!said.contains("initech") && !said.contains(SECRET), "{said}");
}

#[tokio::test]
async fn the_path_names_the_tenant_and_a_folder_has_a_file_for_each() {
    let files = Files::new(BY_PATH).with_folder("tenants");
    let files = files.with("tenants/acme", format!("{SECRET}\n{OLD_SECRET}\n"));
    let files = files.with("tenants/.hidden", SECRET);
    let mut serving = configured(&files).await;
    let to = serving.address();
    for (path, secret, status) in [
        ("/hooks/acme/in", SECRET, 200),
        ("/hooks/acme/in", OLD_SECRET, 200),
        ("/hooks/globex/in", SECRET, 503),
        ("/hooks/.hidden/in", SECRET, 503),
        ("/hooks/%61cme/in", SECRET, 503),
        ("/hooks/acme", SECRET, 404),
        ("/hooks//in", SECRET, 404),
        ("/hooks/a/b/in", SECRET, 404),
    ] {
        assert_eq!(delivery(path, secret).send(to).await.status, status, "{path}");
    }

    let globex = "a secret that no other tenant has had";
    let files = files.with("tenants/globex", globex).with("tenants/acme", OLD_SECRET);
    serving.signal(Signal::HUP);
    assert!(serving.note().await.contains("secrets of 1 endpoint"));
    for (path, secret, status) in [
        ("/hooks/globex/in", globex, 200),
        ("/hooks/acme/in", SECRET, 401),
        ("/hooks/acme/in", OLD_SECRET, 200),
    ] {
        assert_eq!(delivery(path, secret).send(to).await.status, status, "{path}");
    }
    drop(files);
}

#[tokio::test]
async fn a_warning_about_a_tenants_secret_names_its_file_and_line() {
    let files = Files::new(BY_PATH).with_folder("tenants");
    let files = files.with("tenants/acme", format!("{SECRET}\n'short'\n"));
    let serving = configured(&files).await;
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    for part in ["serve.toml`, line 5, `directory`: scheme `jupiter`", "tenants/acme, line 2`"] {
        assert!(said.contains(part) && !said.contains("short'"), "`{part}` is not in: {said}");
    }
}

#[test]
fn errors_in_tenants_name_the_location_and_the_fix() {
    let good = BY_PATH;
    for (config, at, fix) in [
        (good.replace("{tenant}", "x"), "line 3, `path`", "use `{tenant}`"),
        (good.replace("{tenant}", "a-{tenant}"), "line 3, `path`", "whole segment"),
        (good.replace("{ d", "{ header = 'X', d"), "line 5, `header`", "remove one of them"),
        (good.replace("'tenants'", "'absent'"), "line 5, `directory`", "cannot be read"),
        (good.replace("'tenants'", "'bad'"), "line 5, `directory`", "is empty"),
        (format!("{good}secrets = [{{ env = 'SECRET' }}]\n"), "line 5, `tenants`", "remove"),
        (
            good.replace(
                "tenants = { directory = 'tenants' }",
                "[endpoint.tenants]\ndirectory = 'tenants'\n\
                 [endpoint.tenants.secrets]\nacme = [{ env = 'SECRET' }]",
            ),
            "line 6, `directory`",
            "the tenant `acme` also has secrets under `secrets`",
        ),
        (BY_HEADER.replace("X-Webhook-ID", "X Webhook"), "line 6, `header`", "header"),
        (BY_HEADER.replace("env = 'SECRET'", "env = 'NOT_SET'"), "line 8", "`NOT_SET` is not set"),
        (
            BY_HEADER
                .replace("[endpoint.tenants]\nheader = 'X-Webhook-ID'\n", "[endpoint.tenants]\n"),
            "line 3, `path`",
            "nothing names the tenant",
        ),
        (
            BY_HEADER
                .replace("'jupiter'\n[", "'standardwebhooks'\n[")
                .replace("env = 'SECRET'", "file = 'no-base64.txt'"),
            "line 8",
            "is not base64",
        ),
        (
            BY_HEADER.replace("env = 'SECRET'", "env = 'SECRET', not_after = 'soon'"),
            "line 8",
            "2026-12-01T00:00:00Z",
        ),
    ] {
        let files = Files::new(&config).with_folder("tenants").with_folder("bad");
        let files = files.with("tenants/acme", SECRET).with("bad/acme", "\n");
        let files = files.with("globex.txt", OLD_SECRET).with("no-base64.txt", "not base64!");
        let mut command = command("--config");
        command.arg(files.path("serve.toml"));
        let ended = command.output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{config}: {stderr}");
        assert!(stderr.contains(at) && stderr.contains(fix), "{at} {fix}: {stderr}");
        assert!(!stderr.contains(SECRET), "{stderr}");
    }
}

fn delivery(path: &'static str, secret: &str) -> Delivery {
    Delivery::signed(path, "jupiter", secret, r#"{"event_id":"evt_1","type":"t"}"#)
}
