//! A request, given as arguments or as one file.

use crate::program::{Ended, Files, Program, countersign};

#[test]
fn a_request_is_read_from_a_file_or_standard_input() {
    let files = Files::new().with("request.json", request(HEADERS));
    verify().args(["--request", &files.arg("request.json")]).run().with(0);
    verify().args(["--request", "-"]).input(request(HEADERS)).run().with(0);
}

#[test]
fn headers_come_from_the_command_line_a_file_or_standard_input() {
    let files =
        Files::new().with("body", BODY).with("headers", format!("A: b\r\n{HEADER}\r\n\r\n"));
    let body = files.arg("body");
    verify().args(["--body", &body, "-H", HEADER]).run().with(0);
    verify()
        .args(["--body", &body, "-H", &HEADER.to_uppercase().replace("SHA", "sha")])
        .run()
        .with(0);
    verify().args(["--body", &body, "-H", &format!("@{}", files.arg("headers"))]).run().with(0);
    verify().args(["--body", &body, "-H", "@-"]).input(HEADER).run().with(0);
    verify().args(["--body", "-", "-H", HEADER]).input(BODY).run().with(0);
}

#[test]
fn the_body_is_read_byte_for_byte() {
    let files = Files::new();
    for body in [&b"\xff\x00\r\n"[..], b"\xef\xbb\xbf{}\n", b""] {
        let files = &files;
        std::fs::write(files.path("body"), body).unwrap();
        let signed = countersign("sign --scheme github --secret-env S --body -")
            .env("S", SECRET)
            .input(body)
            .run()
            .with(0);
        let verified =
            verify().args(["-H", "@-", "--body", &files.arg("body")]).input(signed.stdout);
        verified.run().with(0);
    }
}

#[test]
fn a_repeated_header_is_kept_in_every_notation() {
    let value = &HEADER["X-Hub-Signature-256: ".len()..];
    for headers in [
        format!(r#"{{"X-Hub-Signature-256":["{value}","{value}"]}}"#),
        format!(r#"{{"X-Hub-Signature-256":"{value}","X-Hub-Signature-256":"{value}"}}"#),
        format!(r#"{{"X-Hub-Signature-256":"{value}","x-hub-signature-256":"{value}"}}"#),
    ] {
        let rejected = verify().args(["--request", "-"]).input(request(&headers)).run().with(1);
        assert!(rejected.stdout.contains("repeated_header"), "{headers}: {}", rejected.stdout);
    }
    let pieces =
        verify().args(["--body", "-", "-H", HEADER, "-H", HEADER]).input(BODY).run().with(1);
    assert!(pieces.stdout.contains("repeated_header"), "{}", pieces.stdout);
    let one = format!(r#"{{"X-Hub-Signature-256":["{value}"]}}"#);
    verify().args(["--request", "-"]).input(request(&one)).run().with(0);
}

#[test]
fn a_malformed_file_is_rejected_with_the_field_that_has_to_be_fixed() {
    for (file, said) in [
        ("", "request"),
        ("{", "line 1"),
        ("[]", "an object"),
        ("\"hush\"", "an object"),
        (r#"{"headers":{},"body_base64":""}"#, "`method` is missing"),
        (r#"{"method":null,"headers":{},"body_base64":""}"#, "`method` is missing"),
        (r#"{"method":"POST","body_base64":""}"#, "`headers` is missing"),
        (r#"{"method":"POST","headers":{}}"#, "`body_base64` is missing"),
        (r#"{"method":7,"headers":{},"body_base64":""}"#, "`method` must be text"),
        (r#"{"method":"POST","url":7,"headers":{},"body_base64":""}"#, "`url` must be text"),
        (r#"{"method":"POST","headers":"hush","body_base64":""}"#, "`headers` is an object"),
        (r#"{"method":"POST","headers":["hush"],"body_base64":""}"#, "`headers` is an object"),
        (r#"{"method":"POST","headers":{"A":7},"body_base64":""}"#, "value of `A` must be text"),
        (
            r#"{"method":"POST","headers":{"A":["b",7]},"body_base64":""}"#,
            "value of `A` must be text",
        ),
        (r#"{"method":"POST","headers":{},"body_base64":"hush!"}"#, "`body_base64` is not base64"),
        (r#"{"method":"POST","headers":{},"body_base64":7}"#, "`body_base64` must be text"),
        (
            r#"{"method":"POST","headers":{},"headers_base64":{"A":"hush!"},"body_base64":""}"#,
            "`headers_base64`: the value of `A` is not base64",
        ),
        (
            r#"{"method":"POST","headers":{},"headers_base64":{"A":7},"body_base64":""}"#,
            "`headers_base64`: the value of `A` must be text",
        ),
        (
            r#"{"method":"POST","headers":{},"body_base64":"","redacted":"hush"}"#,
            "`redacted` must be an array of texts",
        ),
        (
            r#"{"method":"POST","headers":{},"body_base64":"","body_complete":"hush"}"#,
            "`body_complete` must be true or false",
        ),
    ] {
        let rejected = verify().args(["--request", "-"]).input(file).run();
        assert!(!rejected.stderr.contains("hush"), "{file}: {}", rejected.stderr);
        rejected.must_fix(&[said]);
    }
}

#[test]
fn fields_beyond_those_of_a_request_are_ignored_and_the_url_may_be_absent() {
    let more = request(HEADERS).replacen('{', r#"{"name":"a vector","expect":["anything"],"#, 1);
    verify().args(["--request", "-"]).input(more).run().with(0);
    let null = request(HEADERS).replacen('{', r#"{"url":null,"#, 1);
    verify().args(["--request", "-"]).input(null).run().with(0);
}

#[test]
fn a_header_value_that_is_not_utf8_is_read_byte_for_byte() {
    let files = Files::new().with("odd.toml", SIGNS_HEADER);
    let scheme = files.arg("odd.toml");
    let file = |field: &str, value: &str, signature: &str| {
        format!(
            r#"{{"method":"POST","headers":{{{signature}}},"{field}":{{"X-Odd":"{value}"}},
                "body_base64":""}}"#
        )
    };
    let run = |words: &str, input: String| {
        let program = countersign(words).args(["--scheme", &scheme, "--request", "-"]);
        program.args(["--secret-env", "S"]).env("S", SECRET).input(input).run()
    };
    let signed = run("sign", file("headers_base64", "/wD+", "")).with(0).stdout;
    let (name, value) = signed.trim_end().split_once(": ").unwrap();
    let signature = format!(r#""{name}":"{value}""#);
    run("verify", file("headers_base64", "/wD+", &signature)).with(0);
    run("verify", file("headers_base64", "/wD/", &signature)).with(1);
}

#[test]
fn missing_parts_of_a_capture_are_reported_and_its_marker_is_not_a_header() {
    let lacking = r#"{"redacted":["header:x-hub-signature-256","url"],"body_complete":false,"#;
    let marked = r#"{"X-Hub-Signature-256":"[redacted]"}"#;
    let lacking = request(marked).replacen('{', lacking, 1);
    let rejected = verify().args(["--request", "-"]).input(lacking).run().with(1);
    assert!(rejected.stdout.contains("missing_signature"), "{}", rejected.stdout);
    for said in ["without `header:x-hub-signature-256`, `url`", "does not have the complete body"] {
        assert!(rejected.stderr.contains(said), "{said}: {}", rejected.stderr);
    }
    let whole = r#"{"redacted":[],"body_complete":true,"#;
    let whole = request(HEADERS).replacen('{', whole, 1);
    let verified = verify().args(["--request", "-"]).input(whole).run().with(0);
    assert_eq!(verified.stderr, "");
}

#[test]
fn a_request_file_and_separate_parts_cannot_be_combined() {
    for piece in
        [["--body", "b"], ["-H", "A: b"], ["--url", "https://a.example"], ["--method", "PUT"]]
    {
        let both = verify().args(["--request", "r"]).args(piece).run();
        both.must_fix(&["--request", "cannot be used with"]);
    }
    verify().run().must_fix(&["--body <FILE>", "--request <FILE>"]);
}

#[test]
fn errors_name_the_file_that_cannot_be_read() {
    verify().args(["--request", "no-such"]).run().must_fix(&["no-such", "cannot be read"]);
    verify().args(["--body", "no-such"]).run().must_fix(&["no-such", "cannot be read"]);
    verify().args(["--body", "-", "-H", "@no-such"]).run().must_fix(&["no-such", "cannot be read"]);
    verify().args(["--body", "-", "-H", "@-"]).run().must_fix(&["standard input", "once"]);
}

#[test]
fn an_invalid_header_is_rejected_and_not_echoed() {
    let files = Files::new().with("headers", "A: b\nhush\n").with("body", BODY);
    let file = format!("@{}", files.arg("headers"));
    for (header, said) in [("hush", "`-H 'Name: value'`"), (file.as_str(), "line 2")] {
        let rejected: Ended = verify().args(["--body", &files.arg("body"), "-H", header]).run();
        assert!(!rejected.stderr.contains("hush"), "{}", rejected.stderr);
        rejected.must_fix(&[said]);
    }
}

#[test]
fn a_scheme_that_signs_the_url_requires_it_and_uses_it_verbatim() {
    let files = Files::new().with("url.toml", SIGNS_URL);
    let run = |words: &str, url: &[&str], input: &str| {
        let program = countersign(words).args(["--scheme", &files.arg("url.toml")]);
        program.args(url).env("S", SECRET).input(input).run()
    };
    let url = ["--url", "https://a.example/hooks?tenant=7"];
    let sign = "sign --secret-env S --method PUT --body -";
    let verify = "verify --secret-env S --method PUT --body - -H";
    run(sign, &[], "").must_fix(&["signs the URL", "--url"]);
    run(sign, &["--url", "a.example"], "").must_fix(&["URL", "https://"]);
    let header = run(sign, &url, "{}").with(0).stdout;
    let header = header.trim_end();
    let with = |method: &str, url: &str| {
        let program = countersign(&verify.replace("PUT", method)).arg(header);
        let program = program.args(["--scheme", &files.arg("url.toml"), "--url", url]);
        program.env("S", SECRET).input("{}").run()
    };
    with("PUT", url[1]).with(0);
    with("POST", url[1]).with(1);
    with("PUT", "https://a.example/hooks?tenant=8").with(1);
    run(&format!("{verify} A:b"), &[], "{}").must_fix(&["signs the URL", "--url"]);
}

fn verify() -> Program {
    countersign("verify --scheme github --secret-env S").env("S", SECRET)
}

fn request(headers: &str) -> String {
    format!(r#"{{"method":"POST","headers":{headers},"body_base64":"SGVsbG8sIFdvcmxkIQ=="}}"#)
}

// The example of GitHub's documentation.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = "Hello, World!";
const HEADER: &str = "X-Hub-Signature-256: \
    sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const HEADERS: &str = r#"{"X-Hub-Signature-256":"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}"#;

const SIGNS_URL: &str = r#"
name = "signs-url"
signature_header = "X-Sig"
signed_payload = "{method} {url}\n{body}"
"#;

const SIGNS_HEADER: &str = r#"
name = "odd"
signature_header = "X-Sig"
signed_payload = "{header:X-Odd}.{body}"
"#;
