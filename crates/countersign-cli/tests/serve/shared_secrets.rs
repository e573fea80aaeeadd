//! Secrets that two endpoints or two tenants share.

use rustix::process::Signal;

use crate::config::{must_fix, rejected};
use crate::processes::{Files, SECRET, command, configured};

#[test]
fn an_endpoint_that_signs_challenges_shares_its_secret_with_no_other_scheme() {
    let words = "--listen 127.0.0.1:0 --secret-env SECRET --endpoint /gh=github --endpoint \
                 /x=x-twitter --endpoint /stripe=stripe";
    rejected(command(words), &["`/x` and `/gh` share a secret", "a separate secret"]);

    let file = |other: &str| {
        format!(
            "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/x'\nscheme = 'x-twitter'\n\
             secrets = [{{ file = 'unique.txt' }}, {{ env = 'SECRET', name = 'old' }}, \
             {{ file = 'plain.txt' }}]\n\
             [[endpoint]]\npath = '/other'\n{other}"
        )
    };
    for other in [
        "scheme = 'github'\nsecrets = [{ env = 'SECRET' }]\n",
        "scheme = 'github'\nsecrets = [{ file = 'good.txt' }]\n",
        // The text of one is the decoded key of the other.
        "scheme = 'standardwebhooks'\nsecrets = [{ file = 'encoded.txt' }]\n",
        "scheme = 'woocommerce'\nsecrets = [{ file = 'html.txt' }]\n",
        "scheme = 'github'\ntenants = { header = 'x-t', secrets = { a = [{ env = 'SECRET' }] } }\n",
    ] {
        let files = files(&file(other));
        let mut command = command("--config");
        command.arg(files.path("serve.toml"));
        rejected(command, &["`/x` and `/other` share a secret", "`secrets`"]);
    }
}

#[tokio::test]
async fn two_endpoints_of_one_scheme_and_endpoints_that_sign_nothing_may_share_a_secret() {
    let two = "listen = '127.0.0.1:0'\n\
               [[endpoint]]\npath = '/x'\nscheme = 'x-twitter'\nsecrets = [{ env = 'SECRET' }]\n\
               [[endpoint]]\npath = '/y'\nscheme = 'x-twitter'\nsecrets = [{ env = 'SECRET' }]\n";
    drop(configured(&files(two)).await);
    drop(configured(&files(&two.replace("x-twitter", "github"))).await);
    // The scheme signs the same, with or without a configured id.
    drop(configured(&files(&format!("{two}event_id = '/id'\n"))).await);
}

#[test]
fn two_tenants_of_an_endpoint_need_different_secrets() {
    let tenants = |acme: &str, beta: &str| {
        format!(
            "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/{{tenant}}'\nscheme = 'github'\n\
             [endpoint.tenants.secrets]\nacme = [{acme}]\nbeta = [{beta}]\n"
        )
    };
    for (acme, beta) in [
        ("{ env = 'SECRET' }", "{ env = 'SECRET' }"),
        ("{ env = 'OLD_SECRET' }, { env = 'SECRET' }", "{ file = 'good.txt' }"),
    ] {
        let said = "the tenants `acme` and `beta` of `/hooks/{tenant}` share a secret";
        must_fix(&tenants(acme, beta), &["line 7, `secrets`", said]);
    }
    // The key of `html.txt` is the text of `plain.txt`.
    let html = tenants("{ file = 'plain.txt' }", "{ file = 'html.txt' }");
    let files = files(&html.replace("'github'", "'woocommerce'"));
    let mut command = command("--config");
    command.arg(files.path("serve.toml"));
    rejected(command, &["line 7, `secrets`", "the tenants `acme` and `beta`"]);
}

#[test]
fn two_tenants_need_different_public_keys_in_any_notation() {
    let config = "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/{tenant}'\n\
                  scheme = 'fusionauth'\n[endpoint.tenants.secrets]\n\
                  acme = [{ file = 'pem' }]\nbeta = [{ file = 'jwk' }]\n";
    let x = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA{x}=\n-----END PUBLIC KEY-----\n");
    let jwk = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    let files = Files::new(config).with("pem", pem).with("jwk", jwk);
    let mut command = command("--config");
    command.arg(files.path("serve.toml"));
    rejected(command, &["line 7, `secrets`", "the tenants `acme` and `beta`"]);
}

#[test]
fn a_public_key_instead_of_a_shared_secret_prevents_the_start() {
    let pem = "-----BEGIN PUBLIC KEY-----\n\
               MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
               -----END PUBLIC KEY-----\n";
    for scheme in ["github", "lemonsqueezy", "gitlab-token"] {
        let config = format!(
            "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/x'\nscheme = '{scheme}'\n\
             secrets = [{{ file = 'key.pem' }}]\n"
        );
        let files = Files::new(&config).with("key.pem", pem);
        let mut configured = command("--config");
        configured.arg(files.path("serve.toml"));
        rejected(configured, &["line 5, `secrets`", "key.pem` is a public key, a certificate"]);
        let mut given = command(&format!("--listen 127.0.0.1:0 --endpoint /x={scheme}"));
        given.arg("--secret-file").arg(files.path("key.pem"));
        rejected(given, &["key.pem` is a public key, a certificate", "give the signing secret"]);
    }
}

#[tokio::test]
async fn a_new_configuration_with_a_shared_secret_changes_nothing() {
    let config = "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/{tenant}'\n\
                  scheme = 'github'\n[endpoint.tenants]\ndirectory = 'tenants'\n";
    let files = Files::new(config).with_folder("tenants");
    let files = files.with("tenants/acme", SECRET).with("tenants/beta", "another secret");
    let mut serving = configured(&files).await;
    let files = files.with("tenants/beta", SECRET);
    serving.signal(Signal::HUP);
    let note = serving.note().await;
    assert!(note.contains("was not reloaded") && note.contains("share a"), "{note}");
    drop(files);
}

fn files(config: &str) -> Files {
    let encoded = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(SECRET)
    };
    let files = Files::new(config).with("good.txt", SECRET).with("unique.txt", "of X alone");
    let files = files.with("plain.txt", "ab&cd-0123456789abcdef");
    let files = files.with("html.txt", "ab&amp;cd-0123456789abcdef");
    files.with("encoded.txt", format!("whsec_{encoded}"))
}
