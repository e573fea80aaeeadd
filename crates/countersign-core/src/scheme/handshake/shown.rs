//! Describes a handshake for display.

use std::fmt::Write;

use super::{AnswerBody, Field, Handshake, HeaderText, Place, Test};

impl Handshake {
    /// The conditions that identify the request, for display
    /// (`GET, query:challenge is present`).
    #[must_use]
    pub fn asked(&self) -> String {
        let mut said: Vec<String> = self.method.iter().cloned().collect();
        said.extend(self.conditions.iter().map(|condition| {
            let place = &condition.place;
            match &condition.test {
                Test::Is(value) => format!("{place} is `{value}`"),
                Test::Present => format!("{place} is present"),
                Test::Absent => format!("{place} is absent"),
                Test::IsVerifyToken => format!("{place} is the verify token"),
            }
        }));
        let mut needed: Vec<&Place> = Vec::new();
        for place in self.places() {
            let is_said = self.conditions.iter().any(|condition| condition.place.is_at(place));
            if !is_said && !needed.iter().any(|other| other.is_at(place)) {
                needed.push(place);
            }
        }
        said.extend(needed.iter().map(|place| format!("{place} is present")));
        said.join(", ")
    }

    /// The response to it, for display (`200, the text at query:challenge`).
    #[must_use]
    pub fn answered(&self) -> String {
        let mut said = self.status.to_string();
        // Writing to a `String` never fails.
        let _ = match &self.body {
            AnswerBody::Empty => Ok(()),
            AnswerBody::Text(place) => write!(said, ", the text at {place}"),
            AnswerBody::Json(fields) => {
                let fields =
                    fields.iter().map(|(name, field)| format!("`{name}`: {}", field.shown()));
                write!(said, ", JSON of {}", fields.collect::<Vec<_>>().join(" and "))
            }
        };
        for (name, text) in &self.headers {
            let _ = match text {
                HeaderText::Fixed(text) => write!(said, ", header `{name}: {text}`"),
                HeaderText::Echo(_) => write!(said, ", header `{name}` as received"),
            };
        }
        said
    }

    /// The location of the key that the provider sends, if it sends one
    /// (`header:X-Hook-Secret`).
    #[must_use]
    pub fn captured_from(&self) -> Option<String> {
        self.capture.as_ref().map(Place::to_string)
    }
}

impl Field {
    fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Echo(place) => format!("the text at {place}"),
            Self::Hmac { of, encoding, prefix } if prefix.is_empty() => {
                format!("the HMAC of the text at {of}, in {encoding}")
            }
            Self::Hmac { of, encoding, prefix } => {
                format!("`{prefix}` and the HMAC of the text at {of}, in {encoding}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::crypto::algorithm::Encoding;
    use crate::scheme::{Handshake, Scheme};

    #[test]
    fn every_condition_and_response_is_shown() {
        let shown = |handshake| {
            let scheme = Scheme::builder("acme").signature_header("X").signed_payload("{body}");
            let scheme = scheme.handshake(handshake).build().unwrap();
            let handshake = &scheme.handshakes()[0];
            (handshake.asked(), handshake.answered(), handshake.captured_from())
        };
        let signed = Handshake::signed("ping")
            .when("body:/type", "ping")
            .absent("body:/event")
            .status(201)
            .present("body:/token")
            .json_number("type", 1)
            .json_hmac("hmac", "body:/token", Encoding::Hex, "v0=")
            .header("X-A", "b");
        assert_eq!(
            shown(signed),
            (
                "body:/type is `ping`, body:/token is present, body:/event is absent".to_owned(),
                "201, JSON of `hmac`: `v0=` and the HMAC of the text at body:/token, in hex \
                 and `type`: 1, header `X-A: b`"
                    .to_owned(),
                None
            )
        );
        let key = Handshake::unsigned_in_window("key")
            .verify_token("query:token")
            .echo_header("X-Key")
            .capture("header:X-Key");
        assert_eq!(
            shown(key),
            (
                "POST, query:token is the verify token, header:X-Key is present".to_owned(),
                "200, header `X-Key` as received".to_owned(),
                Some("header:X-Key".to_owned())
            )
        );
    }
}
