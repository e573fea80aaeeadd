//! Secrets from `--secret-env` and `--secret-file`.

use crate::program::{Ended, Files, countersign};

#[test]
fn secrets_are_numbered_in_the_order_of_the_command_line_whatever_their_kind() {
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
fn one_trailing_newline_is_dropped_and_this_is_said() {
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
fn the_secret_that_does_not_decode_is_the_one_that_is_named() {
    let files = Files::new().with("good", "whsec_c2VjcmV0");
    countersign("verify --scheme svix --body - --secret-file")
        .args([&files.arg("good"), "--secret-env", "BAD"])
        .env("BAD", "no base64!")
        .run()
        .must_fix(&["`BAD`", "not base64"]);
}

#[test]
fn a_secret_in_the_place_of_the_name_of_its_variable_or_file_is_not_repeated() {
    for (option, secret, fix) in [
        ("--secret-env", CANARY, "variable"),
        ("--secret-env", "9D8F7A6B5C4D3E2F1A0B9C8D7E6F5A4B", "variable"),
        ("--secret-file", CANARY, "the path of a file"),
        ("--secret-file", "whsec_canary/canary+canary=", "the path of a file"),
    ] {
        let words = "verify --scheme stripe --body -";
        let rejected = countersign(words).args([option, secret]).run();
        assert!(!rejected.stderr.contains(secret), "{}", rejected.stderr);
        rejected.must_fix(&[fix, "never the secret itself"]);
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
