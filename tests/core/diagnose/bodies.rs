//! Causes in the body.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use countersign::diagnose::CauseKind;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{assert_certain, assert_suspected, found};
use fixtures::delivery::{Delivery, any_body_schemes, scheme};

/// Signs one body and sends another. Checks that the cause is found for every
/// scheme.
#[track_caller]
fn assert_found(signed: impl AsRef<[u8]>, sent: impl AsRef<[u8]>, kind: CauseKind) -> Vec<String> {
    let schemes = any_body_schemes().map(|scheme| {
        let delivery = Delivery::with_body(&scheme, signed.as_ref());
        let delivery = Delivery { body: sent.as_ref().to_vec(), ..delivery };
        let found = found(&scheme, &delivery);
        assert_certain(&found, kind, scheme.name());
        format!("{}; {}", found.causes()[0].detail(), found.causes()[0].fix())
    });
    let reported: Vec<String> = schemes.collect();
    assert!(reported.len() >= 5);
    reported
}

/// In both directions.
#[track_caller]
fn assert_both(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>, kind: CauseKind) {
    assert_found(&one, &other, kind);
    assert_found(&other, &one, kind);
}

const LINES: &str = "{\n \"id\": \"evt_1\",\n \"n\": [1,\n2]\n}";

#[test]
fn changed_line_ends_and_a_missing_final_newline_are_found() {
    assert_both(LINES, LINES.replace('\n', "\r\n"), CauseKind::BodyNewline);
    assert_both("{\"a\":1}", "{\"a\":1}\n", CauseKind::BodyNewline);
    assert_both("{\"a\":1}", "{\"a\":1}\r\n", CauseKind::BodyNewline);
    assert_found("{\"a\":1}", "{\"a\":1} \n\n", CauseKind::BodyNewline);
    assert_found(LINES, LINES.replace('\n', "\r"), CauseKind::BodyNewline);
}

#[test]
fn a_byte_order_mark_is_found() {
    assert_both("{\"a\":1}", "\u{feff}{\"a\":1}", CauseKind::BodyBom);
}

#[test]
fn a_compressed_body_with_too_many_blocks_is_not_reported_as_compressed() {
    let scheme = scheme("quicknode");
    let body = format!("{{\"id\":\"{}\"}}", "a".repeat(700));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    for byte in body.as_bytes() {
        gzip.write_all(&[*byte]).unwrap();
        gzip.flush().unwrap();
    }
    let delivery = Delivery::with_body(&scheme, &body);
    let delivery = Delivery { body: gzip.finish().unwrap(), ..delivery }
        .with_header("Content-Encoding", "gzip");
    let found = found(&scheme, &delivery);
    assert_certain(&found, CauseKind::BodyTooLarge, scheme.name());
    let [cause] = found.causes() else { panic!("{found:?}") };
    assert!(cause.detail().contains("too many deflate blocks"), "{cause:?}");
    assert!(cause.fix().contains("larger buffers"), "{cause:?}");
}

#[test]
fn a_base64_body_and_an_api_gateway_event_are_found() {
    let body = "{\"a\":\"??>>\"}";
    assert_both(body, STANDARD.encode(body), CauseKind::BodyBase64);
    assert_found(body, URL_SAFE.encode(body), CauseKind::BodyBase64);
    for (inside, is_encoded) in [(STANDARD.encode(body), true), (body.to_owned(), false)] {
        let event = serde_json::json!({"body": inside, "isBase64Encoded": is_encoded});
        assert_found(body, event.to_string(), CauseKind::BodyBase64);
    }
}

#[test]
fn a_body_compressed_after_signing_is_found() {
    let body = "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    for compressed in [gzip(body), zlib(body)] {
        assert_found(body, &compressed, CauseKind::BodyCompressed);
        for scheme in any_body_schemes() {
            let signed = Delivery::with_body(&scheme, body);
            let sent = Delivery { body: compressed.clone(), ..signed };
            let sent = sent.with_header("Content-Encoding", "gzip");
            if scheme.body_view() == countersign::scheme::BodyView::Raw {
                assert_certain(&found(&scheme, &sent), CauseKind::BodyCompressed, scheme.name());
            }
        }
    }
}

#[test]
fn a_body_decompressed_after_signing_is_found() {
    let body = "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    for compressed in [gzip(body), zlib(body)] {
        assert_found(&compressed, body, CauseKind::BodyDecompressed);
    }
    for scheme in any_body_schemes() {
        let delivery = Delivery::with_body(&scheme, b"\x28\xb5\x2f\xfd by zstd");
        let delivery = Delivery { body: body.as_bytes().to_vec(), ..delivery };
        let found = found(&scheme, &delivery.with_header("Content-Encoding", "zstd"));
        assert_suspected(&found, CauseKind::BodyDecompressed, scheme.name());
    }
}

#[test]
fn a_body_converted_to_another_charset_is_found() {
    let body = "{\"a\":\"Zürich\"}";
    let latin: Vec<u8> = body.chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert_both(body, latin, CauseKind::BodyCharset);
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let wide: Vec<u8> = body.encode_utf16().flat_map(order).collect();
        assert_both(body, wide, CauseKind::BodyCharset);
        let marked: Vec<u8> = "\u{feff}{\"a\":1}".encode_utf16().flat_map(order).collect();
        assert_found(marked, "{\"a\":1}", CauseKind::BodyCharset);
    }
    let twice: String = body.bytes().map(char::from).collect();
    assert_both(body, twice, CauseKind::BodyCharset);
    let windows = b"{\"a\":\"5 \x80 \x93\"}";
    assert_both("{\"a\":\"5 € “\"}", windows, CauseKind::BodyCharset);
}

#[test]
fn a_body_with_lossy_utf8_conversion_is_suspected() {
    for scheme in any_body_schemes() {
        let delivery = Delivery::with_body(&scheme, b"{\"a\":\"\xff\"}");
        let lossy = String::from_utf8_lossy(&delivery.body).into_owned();
        let found = found(&scheme, &Delivery { body: lossy.into_bytes(), ..delivery });
        assert_suspected(&found, CauseKind::BodyCharset, scheme.name());
    }
}

#[test]
fn a_lost_body_is_suspected_and_a_body_that_was_signed_empty_is_found() {
    assert_found("", "{\"a\":1}", CauseKind::BodyEmpty);
    for scheme in any_body_schemes() {
        let delivery = Delivery::with_body(&scheme, "{\"a\":1}");
        let delivery = Delivery { body: Vec::new(), ..delivery };
        assert_suspected(&found(&scheme, &delivery), CauseKind::BodyEmpty, scheme.name());
    }
}

#[test]
fn a_body_shorter_than_its_length_is_suspected_as_truncated_or_rewritten() {
    for scheme in any_body_schemes() {
        let body = "{\"a\":1.50,\"b\":2}";
        let delivery = Delivery::with_body(&scheme, body);
        let delivery = delivery.with_header("Content-Length", body.len().to_string());
        let cut = Delivery { body: body.as_bytes()[..9].to_vec(), ..delivery.clone() };
        assert_suspected(&found(&scheme, &cut), CauseKind::BodyTruncated, scheme.name());
        let rewritten = Delivery { body: b"{\"a\":1.5,\"b\":2}".to_vec(), ..delivery };
        assert_suspected(&found(&scheme, &rewritten), CauseKind::BodyReserialized, scheme.name());
    }
}

#[test]
fn a_damaged_compressed_body_is_suspected_by_the_kind_of_damage() {
    let body = gzip("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
    let cut = body[..body.len() / 2].to_vec();
    let lossy = String::from_utf8_lossy(&body).into_owned().into_bytes();
    for scheme in any_body_schemes() {
        let delivery = Delivery::with_body(&scheme, &body);
        let encoded = delivery.clone().with_header("Content-Encoding", "gzip");
        for delivery in [delivery, encoded] {
            let sent = |body: &[u8]| Delivery { body: body.to_vec(), ..delivery.clone() };
            let kind = CauseKind::BodyTruncated;
            assert_suspected(&found(&scheme, &sent(&cut)), kind, scheme.name());
            let kind = CauseKind::BodyCharset;
            assert_suspected(&found(&scheme, &sent(&lossy)), kind, scheme.name());
        }
    }
}

#[test]
fn rewritten_json_is_found_in_both_directions_with_the_framework() {
    let compact = r#"{"z":"a/b","a":[1,{"é":"<x>"}],"m":{},"b":1}"#;
    for (other, habit) in [
        (r#"{"z": "a/b", "a": [1, {"é": "<x>"}], "m": {}, "b": 1}"#, "ensure_ascii=False"),
        (r#"{"z": "a/b", "a": [1, {"\u00e9": "<x>"}], "m": {}, "b": 1}"#, "json.dumps(x)"),
        (r#"{"z":"a\/b","a":[1,{"\u00e9":"<x>"}],"m":{},"b":1}"#, "json_encode(x)"),
        (r#"{"z":"a\/b","a":[1,{"é":"<x>"}],"m":{},"b":1}"#, "JSON_UNESCAPED_UNICODE"),
        (r#"{"z":"a/b","a":[1,{"é":"\u003cx\u003e"}],"m":{},"b":1}"#, "Rails"),
        (r#"{"z":"a/b","a":[1,{"\u00E9":"\u003Cx\u003E"}],"m":{},"b":1}"#, "System.Text.Json"),
        (r#"{"a":[1,{"é":"<x>"}],"b":1,"m":{},"z":"a/b"}"#, "names sorted"),
        (
            "{\n  \"z\": \"a/b\",\n  \"a\": [\n    1,\n    {\n      \"é\": \"<x>\"\n    }\n  ],\n  \"m\": {},\n  \"b\": 1\n}",
            "two spaces",
        ),
        (
            "{\n    \"z\": \"a/b\",\n    \"a\": [\n        1,\n        {\n            \"é\": \"<x>\"\n        }\n    ],\n    \"m\": {},\n    \"b\": 1\n}",
            "four spaces",
        ),
    ] {
        for reported in assert_found(other, compact, CauseKind::BodyReserialized) {
            assert!(reported.contains("express.raw"), "{reported}");
            assert!(reported.contains(habit), "{habit}: {reported}");
        }
        if habit != "names sorted" {
            for reported in assert_found(compact, other, CauseKind::BodyReserialized) {
                let hand = reported.split("captured body is").nth(1).unwrap();
                assert!(hand.contains(habit), "{habit}: {reported}");
            }
        }
    }
    let gson = r#"{"a":"b\u003dc\u0027"}"#;
    for reported in assert_found(r#"{"a":"b=c'"}"#, gson, CauseKind::BodyReserialized) {
        assert!(reported.contains("Gson") && reported.contains("Spring"), "{reported}");
    }
    assert_found(r#"{"a":1}"#, r#"{"a":1.0}"#, CauseKind::BodyReserialized);
    assert_found(compact, serde_json::to_string(compact).unwrap(), CauseKind::BodyReserialized);
}

#[test]
fn rewritten_json_with_tabs_crlf_or_a_byte_order_mark_is_found() {
    let compact = r#"{"z":"a/b","a":[1,{"é":"x"}],"b":1}"#;
    let tabs = "{\n\t\"z\": \"a/b\",\n\t\"a\": [\n\t\t1,\n\t\t{\n\t\t\t\"é\": \"x\"\n\t\t}\n\t],\n\t\"b\": 1\n}";
    let (rewritten, newline, mark) =
        (CauseKind::BodyReserialized, CauseKind::BodyNewline, CauseKind::BodyBom);
    let by_python = |text: &str| text.replace('é', "\\u00e9");
    for name in ["github", "stripe", "shopify"] {
        let scheme = scheme(name);
        for (signed, expected) in [
            (tabs.to_owned(), &[rewritten][..]),
            (by_python(tabs), &[rewritten]),
            (by_python(tabs).replace("a/b", "a\\/b"), &[rewritten]),
            (tabs.replace('\n', "\r\n"), &[rewritten, newline]),
            (by_python(tabs).replace('\n', "\r\n"), &[rewritten, newline]),
            (tabs.replace('\t', "    ").replace('\n', "\r\n"), &[rewritten, newline]),
            (tabs.replace('\t', "  ") + "\n", &[rewritten, newline]),
            (format!("\u{feff}{tabs}"), &[mark, rewritten]),
            (format!("\u{feff}{}", by_python(compact)), &[mark, rewritten]),
        ] {
            let delivery = Delivery::with_body(&scheme, &signed);
            let found = found(&scheme, &Delivery { body: compact.into(), ..delivery });
            let kinds: Vec<CauseKind> = found.causes().iter().map(|cause| cause.kind()).collect();
            assert_eq!(kinds, expected, "{name}: {signed}: {found:?}");
            assert_certain(&found, expected[0], name);
        }
    }
}

#[test]
fn rewritten_json_with_its_byte_order_mark_is_found() {
    for name in ["github", "stripe", "shopify"] {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, "\u{feff}{\"a\": 1}");
        let sent = Delivery { body: "\u{feff}{\"a\":1}".into(), ..delivery };
        let found = found(&scheme, &sent);
        assert_certain(&found, CauseKind::BodyReserialized, name);
        assert_eq!(found.causes().len(), 1, "{found:?}");
    }
}

/// Without a body parser, `req.body` in Express is an empty object.
#[test]
fn an_empty_object_is_suspected_unless_it_was_sent() {
    for name in ["github", "stripe", "shopify"] {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, "{\"a\":1}").without_header("Content-Length");
        let sent = Delivery { body: b"{}".to_vec(), ..delivery };
        let object = found(&scheme, &sent);
        assert_suspected(&object, CauseKind::BodyEmpty, name);
        assert!(object.causes()[0].detail().contains("Express"), "{object:?}");
        assert!(object.causes()[0].fix().contains("express.raw"), "{object:?}");
        let object = found(&scheme, &sent.with_header("Content-Length", "2"));
        assert_suspected(&object, CauseKind::TamperedOrUnknown, name);
    }
}

/// Decompressing the body would not fix it.
#[test]
fn a_body_that_was_signed_compressed_gets_a_different_fix() {
    let body = "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    for name in ["github", "stripe", "shopify"] {
        let scheme = scheme(name);
        for (encoding, body) in [("gzip", gzip(body)), ("br", b"\x8b\x02\x80 brotli\xff".to_vec())]
        {
            let sent = Delivery::with_body(&scheme, body).with_header("Content-Encoding", encoding);
            let found = found(&scheme, &sent);
            assert_certain(&found, CauseKind::BodyCompressed, name);
            let fix = found.causes()[0].fix();
            assert!(fix.contains("remove its `Content-Encoding`"), "{fix}");
        }
    }
}

/// A custom scheme would not fix it: this scheme decodes the body itself.
#[test]
fn encoding_errors_are_found_for_a_scheme_that_decodes_the_body() {
    let scheme = scheme("quicknode");
    let body = "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    let mut wrong = gzip(body);
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    let more = [gzip(body), b"more".to_vec()].concat();
    let twice = gzip_of(&gzip(body));
    let missing = "`Content-Encoding` is missing";
    for (encoding, sent, detail, fix) in [
        (None, gzip(body), missing, "`Content-Encoding: gzip`"),
        (None, zlib(body), missing, "`Content-Encoding: deflate`"),
        (Some("deflate"), gzip(body), "another format", "`Content-Encoding: gzip`"),
        (Some("br"), gzip(body), "another format", "`Content-Encoding: gzip`"),
        (Some("gzip"), zlib(body), "another format", "`Content-Encoding: deflate`"),
        (Some("gzip"), more, "bytes follow the end", "send nothing after the end"),
        (Some("deflate"), raw_deflate(body), "raw deflate", "zlib"),
        (Some("gzip"), twice.clone(), "more than once", "compress the body once"),
        (Some("gzip, gzip"), twice, "more than once", "compress the body once"),
        (Some("gzip"), wrong, "checksum", "compressed bytes"),
    ] {
        let mut sent = Delivery { body: sent, ..Delivery::with_body(&scheme, body) };
        if let Some(encoding) = encoding {
            sent = sent.with_header("Content-Encoding", encoding);
        }
        let found = found(&scheme, &sent);
        assert_certain(&found, CauseKind::BodyCompressed, &format!("{encoding:?}: {detail}"));
        let [cause] = found.causes() else { panic!("{encoding:?}: {found:?}") };
        assert!(cause.detail().contains(detail), "{detail}: {cause:?}");
        assert!(cause.fix().contains(fix) && !cause.fix().contains("custom"), "{cause:?}");
    }
}

#[test]
fn a_damaged_compressed_body_is_not_reported_as_truncated() {
    let mut wrong = gzip("{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 1;
    for scheme in any_body_schemes() {
        let sent = Delivery { body: wrong.clone(), ..Delivery::with_body(&scheme, "{\"b\":1}") };
        let found = found(&scheme, &sent.with_header("Content-Encoding", "gzip"));
        assert_suspected(&found, CauseKind::BodyCompressed, scheme.name());
        assert!(found.causes()[0].detail().contains("checksum"), "{found:?}");
    }
}

#[test]
fn a_body_that_the_scheme_decodes_is_diagnosed_decoded() {
    let scheme = scheme("quicknode");
    for (signed, sent, kind) in [
        ("{\"a\": 1}", "{\"a\":1}", CauseKind::BodyReserialized),
        ("{\"a\": 1}", "{\"a\": 1}\n", CauseKind::BodyNewline),
    ] {
        let sent = Delivery { body: gzip(sent), ..Delivery::with_body(&scheme, signed) };
        let found = found(&scheme, &sent.with_header("Content-Encoding", "gzip"));
        assert_certain(&found, kind, signed);
        assert_eq!(found.causes().len(), 1, "{found:?}");
    }
    let signed = Delivery::with_body(&scheme, gzip("{\"a\": 1}"));
    let found = found(&scheme, &signed.with_header("Content-Encoding", "gzip"));
    assert_certain(&found, CauseKind::BodyCompressed, "signed as it came");
    let fix = found.causes()[0].fix();
    assert!(fix.contains("remove its `Content-Encoding`"), "{fix}");
}

#[test]
fn a_reserialized_form_is_found() {
    assert_both("a=b+c&d=%C3%A9%7E", "a=b%20c&d=%C3%A9~", CauseKind::BodyReserialized);
    assert_found("z=b+c&d=e", r#"{"z":"b c","d":"e"}"#, CauseKind::BodyReserialized);
}

pub(super) fn gzip(body: &str) -> Vec<u8> {
    gzip_of(body.as_bytes())
}

fn gzip_of(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(body: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
