//! Secrets from `--secret-env` and `--secret-file`.

use crate::program::{Ended, Files, countersign};

#[test]
fn secrets_of_all_kinds_are_numbered_in_command_line_order() {
    let files = Files::new().with("a", "in a").with("b", "in b");
    let (a, b) = (files.arg("a"), files.arg("b"));
    let env = ["--secret-env", "S"];
    let file = |path| ["--secret-file", path];
    for (places, index) in [
        ([env, file(&a), file(&b)], 0),
        ([file(&a), env, file(&b)], 1),
        ([file(&a), file(&b), env], 2),
    ] {
        let ended = verify("in S", "in S", &places.concat()).with(0);
        assert_eq!(ended.json()["secret"], index, "{places:?}");
    }
}

#[test]
fn one_trailing_newline_is_dropped_with_a_note() {
    for newline in ["\n", "\r\n"] {
        let stored = format!("secret{newline}");
        let files = Files::new().with("s", &stored);
        let from_env = verify("secret", &stored, &["--secret-env", "S"]).with(0);
        let from_file = verify("secret", "", &["--secret-file", &files.arg("s")]).with(0);
        for (ended, place) in [(from_env, "`S`"), (from_file, files.arg("s").as_str())] {
            let said = ended.stderr.contains("newline") && ended.stderr.contains(place);
            assert!(said, "{}", ended.stderr);
        }
    }
    let silent = verify("secret", "secret", &["--secret-env", "S"]).with(0);
    assert_eq!(silent.stderr, "");
}

#[test]
fn only_one_newline_is_dropped_and_no_other_space() {
    for stored in ["secret\n\n", "secret \n", "secret\r", " secret", "secret\t"] {
        let rejected = verify("secret", stored, &["--secret-env", "S"]).with(1);
        assert_eq!(rejected.json()["code"], "signature_mismatch", "{stored:?}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_named_with_its_fix() {
    let files = Files::new().with("empty", "").with("newline", "\n").with("binary", [0xff, 0xfe]);
    let env = |name| verify("secret", "", &["--secret-env", name]);
    let file = |name| verify("secret", "", &["--secret-file", &files.arg(name)]);
    env("COUNTERSIGN_TEST_ABSENT").must_fix(&["`COUNTERSIGN_TEST_ABSENT`", "not set", "export"]);
    env("S").must_fix(&["`S`", "is empty", "paste"]);
    file("absent").must_fix(&["absent", "cannot be read"]);
    file("empty").must_fix(&["empty", "is empty", "paste"]);
    file("newline").must_fix(&["newline", "is empty", "paste"]);
    file("binary").must_fix(&["binary", "UTF-8"]);
    countersign("verify --scheme stripe --body -")
        .run()
        .must_fix(&["--secret-env", "--secret-file"]);
}

#[test]
fn the_error_names_the_secret_that_does_not_decode() {
    let files = Files::new().with("good", "whsec_c2VjcmV0");
    countersign("verify --scheme svix --body - --secret-file")
        .args([&files.arg("good"), "--secret-env", "BAD"])
        .env("BAD", "no base64!")
        .run()
        .must_fix(&["`BAD`", "not base64"]);
}

#[test]
fn a_secret_given_as_a_variable_or_file_name_is_not_echoed() {
    let files = Files::new();
    let in_a_folder = files.arg("whsec_canary");
    for (option, secret, fix) in [
        ("--secret-env", CANARY, "variable"),
        ("--secret-env", "9D8F7A6B5C4D3E2F1A0B9C8D7E6F5A4B", "variable"),
        ("--secret-file", CANARY, "the path of a file"),
        ("--secret-file", "whsec_canary/canary+canary=", "the path of a file"),
        ("--secret-file", "whsec_canary.txt", "the path of a file"),
        ("--secret-file", &in_a_folder, "the path of a file"),
    ] {
        let words = "verify --scheme stripe --body -";
        let rejected = countersign(words).args([option, secret]).run();
        assert!(!rejected.stderr.contains(secret), "{}", rejected.stderr);
        rejected.must_fix(&[fix, "never the secret itself"]);
    }
}

#[test]
fn a_pem_key_given_as_a_name_or_path_is_not_echoed() {
    for command in ["verify", "sign", "diagnose", "send --to http://127.0.0.1:9/"] {
        for option in ["--secret-env", "--secret-file"] {
            let words = format!("{command} --scheme stripe --body - {option}");
            let rejected = countersign(&words).arg(PEM).run();
            assert!(!rejected.stderr.contains("canary"), "{words}: {}", rejected.stderr);
            rejected.must_fix(&["never the secret itself"]);
        }
    }
    for option in ["--old-secret-file", "--other-endpoint-secret-env", "--verify-token-file"] {
        let words = "diagnose --scheme stripe --secret-env S --body -";
        let rejected = countersign(words).args([option, PEM]).env("S", "secret").run();
        assert!(!rejected.stderr.contains("canary"), "{option}: {}", rejected.stderr);
        rejected.must_fix(&["never the secret itself"]);
    }
    let words = "serve --listen 127.0.0.1:0 --endpoint /x=github --secret-file";
    let rejected = countersign(words).arg(PEM).run();
    assert!(!rejected.stderr.contains("canary"), "{}", rejected.stderr);
    rejected.must_fix(&["never the secret itself"]);
}

#[test]
fn a_secret_that_looks_like_a_file_is_not_echoed() {
    let verify = "verify --scheme stripe --secret-env S";
    for (words, path) in [
        ("serve --secret-env S --listen 127.0.0.1:0 --endpoint", "/y=./whsec_canary.toml"),
        ("verify --secret-env S --body - --scheme", "./whsec_canary.toml"),
        (&format!("{verify} --body"), "whsec_canary.json"),
        (&format!("{verify} --request"), "./whsec_canary.json"),
    ] {
        let rejected = countersign(words).arg(path).env("S", "secret").run();
        assert!(!rejected.stderr.contains("canary"), "{words}: {}", rejected.stderr);
        rejected.must_fix(&["may be a secret", "cannot be read"]);
    }
}

#[test]
fn a_secret_in_any_other_argument_is_not_echoed() {
    let verify = "verify --scheme stripe --secret-env S --body -";
    let serve = "serve --listen 127.0.0.1:0 --endpoint /x=jupiter --secret-env S";
    for secret in [CANARY, PEM, "canary4f3C2b1A0e9D8c7B6a5F4e3D2c1B0a9F"] {
        for (words, said) in [
            ("", "unrecognized subcommand"),
            (verify, "unexpected argument"),
            ("demo", "unexpected argument"),
            ("schemes stripe", "unexpected argument"),
            ("schemes", ""),
            ("completions", "invalid value"),
            ("verify --secret-env S --body - --scheme", ""),
            ("verify --scheme stripe --secret-env S --body", "cannot be read"),
            ("verify --scheme stripe --secret-env S --request", "cannot be read"),
            (&format!("{verify} --now"), ""),
            (&format!("{verify} --event-id"), ""),
            (&format!("{serve} --event-id"), ""),
            (&format!("{serve} --endpoint"), ""),
            (&format!("{serve} --forward"), ""),
            (&format!("{serve} --store"), ""),
            ("serve --endpoint /x=jupiter --secret-env S --listen", ""),
            ("serve --config", "cannot be read"),
            ("send --scheme stripe --secret-env S --body - --to", ""),
            ("send --scheme stripe --secret-env S --body - --to http://a --attack", ""),
        ] {
            let rejected = countersign(words).arg(secret).env("S", "secret").run();
            assert!(!rejected.stderr.contains("canary"), "{words}: {}", rejected.stderr);
            // Without its own values, clap reads a text that begins with hyphens as an option.
            let said = if secret == PEM { "error:" } else { said };
            rejected.must_fix(&["error:", said]);
        }
        for option in ["--json=", "--secret=", "--frobnicate="] {
            let rejected = countersign(verify).arg(format!("{option}{secret}")).run();
            assert!(!rejected.stderr.contains("canary"), "{option}: {}", rejected.stderr);
            rejected.must_fix(&["error:", option.trim_end_matches('=')]);
        }
        let headers = format!("@{secret}");
        let rejected = countersign(verify).args(["-H", &headers]).env("S", "secret").run();
        assert!(!rejected.stderr.contains("canary"), "{}", rejected.stderr);
        rejected.must_fix(&["the headers' file", "cannot be read"]);
    }
}

#[test]
fn a_misspelled_argument_is_shown_unless_it_may_be_a_secret() {
    for (words, said) in [
        ("verfy", "'verfy'"),
        ("verify --secret-flie x", "'--secret-flie'"),
        ("verify -x", "'-x'"),
        ("completions tcsh", "'tcsh'"),
        ("verify --scheme stripe --secret-env S --body - --now soon", "'soon'"),
        ("verify --scheme stripe --secret-env S --body no-such.json", "`no-such.json`"),
        ("schemes quicksilver", "`quicksilver`"),
    ] {
        countersign(words).env("S", "secret").run().must_fix(&[said]);
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let files = Files::new().with("s", format!("{CANARY}\n")).with("body", "{}");
    let (secret, body) = (files.arg("s"), files.arg("body"));
    let signed = sign_with(CANARY);
    for (words, input) in [
        ("sign --scheme stripe", ""),
        ("sign --scheme svix", ""),
        ("sign --scheme github", ""),
        ("verify --scheme stripe", ""),
        ("verify --scheme stripe --json", ""),
        ("verify --scheme jupiter -H @-", signed.as_str()),
        ("verify --scheme jupiter -H @- --json", signed.as_str()),
        ("verify --scheme jupiter -H X-Jup-Signature:00", ""),
        ("verify --scheme jupiter --request nowhere", ""),
        ("verify --scheme nonsense", ""),
    ] {
        let ended = countersign(words)
            .args(["--secret-file", &secret, "--secret-env", "S", "--body", &body])
            .env("S", CANARY)
            .input(input)
            .run();
        let said = ended.stdout + &ended.stderr;
        assert!(!said.is_empty() && !said.contains(CANARY), "{words}:\n{said}");
    }
}

/// Verifies a delivery signed with `signed`, with the variable `S` set to `held`.
fn verify(signed: &str, held: &str, secrets: &[&str]) -> Ended {
    let files = Files::new().with("body", "{}");
    countersign("verify --scheme jupiter --json -H @- --body")
        .arg(files.arg("body"))
        .args(secrets)
        .env("S", held)
        .input(sign_with(signed))
        .run()
}

/// The signature header for the body `{}`.
fn sign_with(secret: &str) -> String {
    countersign("sign --scheme jupiter --secret-env S --body -")
        .env("S", secret)
        .input("{}")
        .run()
        .with(0)
        .stdout
}

const CANARY: &str = "whsec_canary0123456789";
const PEM: &str =
    "-----BEGIN PRIVATE KEY-----\ncanaryMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
