//! Serializers of providers that no framework uses: a reserialized document,
//! form or URL is detected, regardless of its content.

use std::fmt::Write;

use countersign::diagnose::{CapturedRequest, CauseKind};
use countersign::{PublicUrl, Secret, Signer};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};

use super::{assert_certain, diagnose, found};
use fixtures::delivery::{Delivery, NOW_MS, scheme};

#[derive(Debug, Clone)]
enum Json {
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// A character that serializers escape differently, or a letter.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => proptest::char::range('a', 'z'),
        4 => proptest::sample::select(
            &['/', '<', '>', '&', '%', '@', '"', '\\', '\n', '\u{1}', 'é', '日', '😀', '\u{2028}'][..]
        ),
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(character(), 0..8).prop_map(|all| all.into_iter().collect())
}

fn value() -> impl Strategy<Value = Json> {
    let plain = proptest::sample::select(&["0", "-7", "1.5", "true", "null"][..]);
    let leaf = prop_oneof![
        plain.prop_map(|text| Json::Plain(text.to_owned())),
        text().prop_map(Json::Text)
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::List),
            proptest::collection::vec((text(), inner), 0..4).prop_map(Json::Map),
        ]
    })
}

fn object() -> impl Strategy<Value = Json> {
    proptest::collection::vec((text(), value()), 1..5).prop_map(Json::Map)
}

/// A serializer without spaces, with its escape for a character.
fn write(json: &Json, escape: &dyn Fn(char) -> Option<String>) -> String {
    let text = |text: &str| {
        let mut to = "\"".to_owned();
        for character in text.chars() {
            match (escape(character), character) {
                (Some(escaped), _) => to += &escaped,
                (None, '"') => to += "\\\"",
                (None, '\\') => to += "\\\\",
                (None, '\n') => to += "\\n",
                (None, '\0'..='\u{1f}') => write!(to, "\\u{:04x}", u32::from(character)).unwrap(),
                (None, character) => to.push(character),
            }
        }
        to + "\""
    };
    match json {
        Json::Plain(plain) => plain.clone(),
        Json::Text(it) => text(it),
        Json::List(all) => {
            let all: Vec<String> = all.iter().map(|one| write(one, escape)).collect();
            format!("[{}]", all.join(","))
        }
        Json::Map(all) => {
            let member =
                |(name, one): &(String, Json)| format!("{}:{}", text(name), write(one, escape));
            format!("{{{}}}", all.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

fn stringify(json: &Json) -> String {
    write(json, &|_| None)
}

fn escaped(character: char, upper: bool) -> Option<String> {
    let units: Vec<u16> = character.encode_utf16(&mut [0; 2]).to_vec();
    let escape =
        |unit: &u16| if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
    Some(units.iter().map(escape).collect())
}

fn meta(character: char) -> Option<String> {
    match character {
        '/' => Some("\\/".to_owned()),
        '<' | '%' | '@' => escaped(character, false),
        _ if !character.is_ascii() => escaped(character, false),
        _ => None,
    }
}

fn shopify(character: char) -> Option<String> {
    match character {
        '/' => Some("\\/".to_owned()),
        '<' | '>' | '&' | '\u{2028}' => escaped(character, false),
        _ => None,
    }
}

fn line(character: char) -> Option<String> {
    (u32::from(character) > 0xffff).then(|| escaped(character, true)).flatten()
}

/// Signs one body, and checks that the diagnosis detects it in another that was
/// parsed and reserialized.
#[track_caller]
fn assert_found(name: &str, signed: &str, received: &str) {
    if signed == received {
        return;
    }
    let scheme = scheme(name);
    let delivery = Delivery::with_body(&scheme, signed);
    let sent = Delivery { body: received.as_bytes().to_vec(), ..delivery };
    let found = found(&scheme, &sent);
    assert_certain(
        &found,
        CauseKind::BodyReserialized,
        &format!("{name}: {signed} and {received}"),
    );
}

pub(super) fn config() -> Config {
    Config {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_providers_json_rewritten_by_json_stringify_is_found(json in object()) {
        let received = stringify(&json);
        assert_found("meta", &write(&json, &meta), &received);
        assert_found("shopify", &write(&json, &shopify), &received);
        assert_found("line", &write(&json, &line), &received);
    }

    /// No known provider does this, but a new one may.
    #[test]
    fn json_with_any_set_of_escapes_is_found(
        json in object(),
        marks in proptest::sample::subsequence(vec!['/', '<', '>', '&', '%', '@'], 0..=6),
        upper in any::<bool>(),
        upper_foreign in any::<bool>(),
        foreign in any::<bool>(),
        astral in any::<bool>(),
    ) {
        let escape = |character: char| match character {
            '\0'..='\u{1f}' if character != '\n' => escaped(character, upper_foreign),
            _ if marks.contains(&character) => escaped(character, upper),
            '\u{80}'..='\u{ffff}' if foreign => escaped(character, upper_foreign),
            '\u{10000}'.. if astral => escaped(character, upper_foreign),
            _ => None,
        };
        assert_found("github", &write(&json, &escape), &stringify(&json));
    }

    #[test]
    fn json_with_one_event_per_line_is_found(all in proptest::collection::vec(object(), 2..4)) {
        let events: Vec<String> = all.iter().map(stringify).collect();
        let received = stringify(&Json::List(all));
        assert_found("github", &format!("[{}]\r\n", events.join(",\r\n")), &received);
    }

    #[test]
    fn json_with_irregular_spaces_is_found(json in object(), gaps in any::<[bool; 8]>()) {
        let Json::Map(members) = &json else { unreachable!() };
        let mut signed = String::new();
        for (at, member) in members.iter().enumerate() {
            let one = stringify(&Json::Map(vec![member.clone()]));
            let (name, _) = one.split_at(one.len() - stringify(&member.1).len() - 1);
            let space = |is_there| if is_there { " " } else { "" };
            let before = if at == 0 { "{" } else { "," };
            let (after_comma, after_colon) = (space(at > 0 && gaps[2 * at - 1]), space(gaps[2 * at]));
            signed += &format!("{before}{after_comma}{}{after_colon}{}", &name[1..], stringify(&member.1));
        }
        assert_found("xero", &(signed + "}"), &stringify(&json));
    }

    #[test]
    fn a_form_is_found_in_every_encoding(
        fields in proptest::collection::vec(("[a-z]{1,4}", "[a-z *~!:é]{0,10}"), 1..4),
        plain in proptest::sample::subsequence(vec!['*', '~', '!', ':'], 0..=4),
        plus in any::<bool>(),
        lower in any::<bool>(),
    ) {
        let encode = |text: &str| {
            let mut to = String::new();
            for byte in text.bytes() {
                match byte {
                    b' ' => to += if plus { "+" } else { "%20" },
                    _ if byte.is_ascii_alphanumeric() || plain.contains(&char::from(byte)) => {
                        to.push(char::from(byte));
                    }
                    _ if lower => write!(to, "%{byte:02x}").unwrap(),
                    _ => write!(to, "%{byte:02X}").unwrap(),
                }
            }
            to
        };
        let signed: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let signed = signed.join("&");
        let mut received = form_urlencoded::Serializer::new(String::new());
        assert_found("slack", &signed, &received.extend_pairs(&fields).finish());
        if let [(_, value)] = &fields[..] && !value.is_empty() {
            let json = format!("{{\"v\":\"{value}\"}}");
            assert_found("github", &format!("payload={}", encode(&json).replace("%2E", ".")), &json);
        }
    }

    #[test]
    fn each_url_escape_is_found_alone_and_combined(
        swapped in proptest::sample::subsequence(vec!['\'', '@', ':', ',', '(', ')', '*', '!', '~'], 1..=9),
    ) {
        let plain = "/in/a(b)'c,d?k=t0ken&m=@x:y*z!~";
        let escape = |character: char| match swapped.contains(&character) {
            true => format!("%{:02X}", u32::from(character)),
            false => character.to_string(),
        };
        let escaped: String = plain.chars().map(escape).collect();
        let [plain, escaped] = [plain, &escaped].map(|target| format!("https://hooks.example{target}"));
        for (signed, received) in [(&plain, &escaped), (&escaped, &plain)] {
            for name in ["square", "trello"] {
                let scheme = scheme(name);
                let secret = || Secret::new("0123456789abcdef").unwrap();
                let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(NOW_MS);
                let signer = signer.with_url(PublicUrl::new(signed.as_str()).unwrap());
                let sent = signer.sign(b"{}").unwrap();
                let request = CapturedRequest::new(sent, "{}").with_url(received.as_str());
                let found = diagnose(&scheme, secret()).diagnose(&request).unwrap();
                assert_certain(&found, CauseKind::UrlMismatch, &format!("{name}: {signed}"));
            }
        }
    }
}
