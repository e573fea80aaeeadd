use super::*;
use crate::error::ConfigError;
use crate::scheme::Scheme;

/// The error for the handshake of an otherwise complete scheme.
fn rejection(algorithm: Algorithm, handshake: HandshakeBuilder) -> Option<String> {
    let scheme = Scheme::builder("acme").algorithm(algorithm).signature_header("X-Signature");
    match scheme.signed_payload("{body}").handshake(handshake).build() {
        Ok(_) => None,
        Err(ConfigError::Scheme { word: "handshake", problem, .. }) => Some(problem),
        Err(other) => panic!("{other}"),
    }
}

fn ping() -> HandshakeBuilder {
    Handshake::signed("ping").when("body:/type", "ping")
}

fn crc() -> HandshakeBuilder {
    Handshake::unsigned("crc").method("GET").present("query:crc_token")
}

fn key() -> HandshakeBuilder {
    Handshake::unsigned_in_window("key").present("header:X-Key").capture("header:X-Key")
}

#[test]
fn the_base_handshakes_of_the_cases_are_accepted() {
    for handshake in [ping(), crc(), key()] {
        assert_eq!(rejection(Algorithm::HmacSha256, handshake), None);
    }
}

#[test]
fn a_missing_or_contradictory_handshake_setting_is_rejected_by_name() {
    let cases = [
        ("name", Handshake::signed("").when("body:/type", "ping")),
        ("method", ping().method("POST")),
        ("method", crc().method("get")),
        ("method", crc().method("")),
        ("method", crc().present("body:/token")),
        ("when", Handshake::signed("all").text("body:/challenge")),
        ("when", Handshake::unsigned("all")),
        ("when", ping().when("/type", "ping")),
        ("when", Handshake::signed("none").when("body:/challenge", "")),
        ("when", ping().when("body:/challenge", " ")),
        ("when", Handshake::signed("all").when("body:/events/*/type", "ping")),
        ("when", Handshake::signed("last").when("body:/events/-/type", "ping")),
        ("absent", ping().absent("body:/events/*")),
        ("text", ping().text("body:/events/-/challenge")),
        ("json", ping().json_echo("a", "body:/*/a")),
        ("capture", key().capture("body:/keys/*")),
        ("present", ping().present("cookie:a")),
        ("absent", ping().absent("query:")),
        ("verify_token", ping().verify_token("body:/token")),
        ("status", ping().status(302)),
        ("status", ping().status(204).text("body:/challenge")),
        ("text", ping().text("challenge")),
        ("text", ping().text("body:/challenge").json_number("type", 1)),
        ("json", ping().json_echo("a", "body:a")),
        ("json", ping().json_hmac("a", "body:/a", Encoding::Text, "")),
        ("header", ping().header("X-A", "a\r\nX-B: b")),
        ("header", ping().header("X A", "a")),
        ("header", ping().header("Content-Type", "text/html")),
        ("echo_header", crc().echo_header("Content-Length")),
        ("capture", crc().capture("query:crc_token")),
        ("capture", ping().capture("body:/key")),
    ];
    for (word, handshake) in cases {
        let rejected = rejection(Algorithm::HmacSha256, handshake.clone());
        let named = rejected.as_ref().is_some_and(|what| what.contains(&format!("`{word}`: ")));
        assert!(named, "{word}: {handshake:?}: {rejected:?}");
    }
}

#[test]
fn a_signed_handshake_reads_only_signed_parts() {
    for handshake in [
        ping().when("header:X-Type", "ping"),
        ping().present("query:type"),
        ping().text("query:challenge"),
        ping().json_echo("a", "header:X-A"),
        ping().echo_header("X-A"),
    ] {
        let rejected = rejection(Algorithm::HmacSha256, handshake);
        assert!(rejected.as_ref().is_some_and(|what| what.contains("not signed")), "{rejected:?}");
    }
}

#[test]
fn an_hmac_needs_an_algorithm_that_computes_one() {
    let handshake = || ping().json_hmac("a", "body:/a", Encoding::Hex, "");
    assert_eq!(rejection(Algorithm::HmacSha1, handshake()), None);
    assert!(rejection(Algorithm::Ed25519, handshake()).is_some());
}

#[cfg(feature = "serde")]
mod in_toml {
    use super::*;

    const ACME: &str =
        "name = \"acme\"\nsignature_header = \"X-Signature\"\nsigned_payload = \"{body}\"\n";

    #[test]
    fn a_table_and_a_builder_with_the_same_settings_are_the_same_handshakes() {
        let built = Scheme::builder("acme")
            .signature_header("X-Signature")
            .signed_payload("{body}")
            .handshake(
                ping()
                    .absent("body:/event")
                    .status(201)
                    .json_number("type", 1)
                    .json_echo("plain", "body:/token")
                    .json_hmac("hmac", "body:/token", Encoding::Base64, "sha256="),
            )
            .handshake(crc().verify_token("query:token").text("query:crc_token").header("X-A", "a"))
            .handshake(key().echo_header("X-Key"))
            .build();
        let read = Scheme::from_toml(&format!(
            r#"{ACME}
            [[handshake]]
            name = "ping"
            rule = "signed"
            when = {{ "body:/type" = "ping" }}
            absent = ["body:/event"]
            status = 201
            [handshake.json]
            type = 1
            plain = "body:/token"
            hmac = {{ hmac_of = "body:/token", encoding = "base64", prefix = "sha256=" }}

            [[handshake]]
            name = "crc"
            rule = "unsigned"
            method = "GET"
            present = ["query:crc_token"]
            verify_token = "query:token"
            text = "query:crc_token"
            header = {{ X-A = "a" }}

            [[handshake]]
            name = "key"
            rule = "unsigned-in-window"
            present = ["header:X-Key"]
            echo_header = ["X-Key"]
            capture = "header:X-Key"
            "#
        ));
        assert_eq!(read, built);
    }

    #[test]
    fn an_error_names_the_setting() {
        for (table, word) in [
            ("name = \"ping\"\nwhen = { \"body:/type\" = \"ping\" }", "rule"),
            ("name = \"ping\"\nrule = \"always\"", "unsigned-in-window"),
            ("name = \"ping\"\nrule = \"signed\"\nwhan = {}", "whan"),
            ("name = \"ping\"\nrule = \"signed\"\njson = { a = 1.5 }", "hmac_of"),
        ] {
            let file = format!("{ACME}[[handshake]]\n{table}");
            let error = Scheme::from_toml(&file).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
