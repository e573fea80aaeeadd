//! What a JWK states about its own use. A key that states it in a form that is not understood is
//! not used.

use std::fmt;

use serde_core::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::JwtAlgorithm;

/// The restrictions of a JWK.
pub(super) struct Restrictions {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Option<JwtAlgorithm>,
    /// In Unix seconds. The key is not valid from then on.
    pub(super) expired_at: Option<i64>,
}

impl Restrictions {
    /// `None` if the key is not for signatures, or a restriction is not understood.
    pub(super) fn read(jwk: &Value) -> Option<Self> {
        let is_for_signatures = match (jwk.get("use"), jwk.get("key_ops")) {
            (Some(purpose), _) if purpose != "sig" => false,
            (_, Some(Value::Array(operations))) => operations.iter().any(|it| it == "verify"),
            (_, operations) => operations.is_none(),
        };
        if !is_for_signatures {
            return None;
        }
        let algorithm = match jwk.get("alg") {
            Some(name) => Some(JwtAlgorithm::named(name.as_str()?)?),
            None => None,
        };
        let kid = match jwk.get("kid") {
            Some(kid) => Some(kid.as_str()?.to_owned()),
            None => None,
        };
        Some(Self { kid, algorithm, expired_at: expired_at(jwk)? })
    }
}

/// When a key expired: an integer, also one that is written as a float. Plaid sends `null` for a
/// key that has not expired.
fn expired_at(jwk: &Value) -> Option<Option<i64>> {
    let number = match jwk.get("expired_at") {
        None | Some(Value::Null) => return Some(None),
        Some(value) => value.as_number()?,
    };
    let whole = || number.as_f64().filter(|seconds| seconds.fract() == 0.0);
    // The conversion saturates.
    number.as_i64().or_else(|| whole().map(|seconds| seconds as i64)).map(Some)
}

/// Reads JSON. An object with a repeated member becomes `null`, which is not a key: one parser uses
/// the first member, another the last.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(|Unambiguous(value)| value)
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson).map(Self)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (mut object, mut is_repeated) = (Map::new(), false);
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, _>()? {
            is_repeated |= object.insert(name, value).is_some();
        }
        Ok(if is_repeated { Value::Null } else { Value::Object(object) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unambiguous(value)) = elements.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(members: &str) -> Option<Restrictions> {
        Restrictions::read(&parse(&format!("{{{members}}}"))?)
    }

    #[test]
    fn an_expiry_is_null_or_a_whole_number() {
        for (value, expected) in [
            ("null", None),
            ("1760000000", Some(1_760_000_000)),
            ("1760000000.0", Some(1_760_000_000)),
            ("1.76e9", Some(1_760_000_000)),
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("18446744073709551615", Some(i64::MAX)),
            ("1e300", Some(i64::MAX)),
            ("-1e300", Some(i64::MIN)),
        ] {
            let found = read(&format!("\"expired_at\":{value}"));
            assert_eq!(found.unwrap().expired_at, expected, "{value}");
        }
        assert_eq!(read("").unwrap().expired_at, None);
        for value in ["1760000000.5", "\"1760000000\"", "\"2025-10-09\"", "true", "[]", "{}", "[1]"]
        {
            assert!(read(&format!("\"expired_at\":{value}")).is_none(), "{value}");
        }
    }

    #[test]
    fn a_jwk_with_a_repeated_member_is_rejected() {
        assert!(parse(r#"{"expired_at":1,"expired_at":null}"#).unwrap().is_null());
        assert!(parse(r#"{"kid":"a","k\u0069d":"a"}"#).unwrap().is_null());
        let set = parse(r#"{"keys":[{"kid":"a","kid":"b"},{"kid":"c"}]}"#).unwrap();
        assert!(set["keys"][0].is_null());
        assert_eq!(set["keys"][1]["kid"], "c");
        for bad in ["", "{", "{} {}", "nul"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_jwk_that_is_not_for_signatures_is_rejected() {
        for good in [
            "",
            r#""use":"sig""#,
            r#""key_ops":["verify"]"#,
            r#""use":"sig","key_ops":["sign","verify"]"#,
            r#""alg":"ES256","kid":"a""#,
        ] {
            assert!(read(good).is_some(), "{good}");
        }
        for bad in [
            r#""use":"enc""#,
            r#""use":"SIG""#,
            r#""use":null"#,
            r#""use":["sig"]"#,
            r#""use":["enc"]"#,
            r#""use":"enc","key_ops":["verify"]"#,
            r#""use":"sig","key_ops":["encrypt"]"#,
            r#""key_ops":[]"#,
            r#""key_ops":null"#,
            r#""key_ops":"verify""#,
            r#""key_ops":[["verify"]]"#,
            r#""alg":"none""#,
            r#""alg":null"#,
            r#""alg":["ES256"]"#,
            r#""kid":1"#,
            r#""kid":null"#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
