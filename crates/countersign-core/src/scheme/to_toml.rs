//! Writes a scheme as a TOML file, with the builder's method names as keys.

use std::fmt::Display;
use std::time::Duration;

use super::profile::{
    DEFAULT_ACK_DEADLINE, DEFAULT_BODY_LIMIT, Retries, default_retention, min_retention,
};
use super::{
    AnswerBody, BodyView, Condition, Evidence, Field, Handshake, HeaderText, Identity, Interactive,
    Place, RetrySignature, Scheme, SignatureLayout, Test, TimestampPlace,
};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::error::ConfigError;
use crate::secret::secret_format::SecretFormat;

// So that the documentation of the facade names the feature, too.
#[cfg(feature = "serde")]
impl Scheme {
    /// Writes the scheme as a TOML file, to read or as a starting point for a
    /// custom scheme: [`from_toml`](Self::from_toml) reads it back as an equal
    /// scheme. Default values are omitted, except for the tolerance.
    ///
    /// The file of a built-in scheme contains its `evidence`. Remove that line
    /// if you change anything in the file.
    ///
    /// ```
    /// use countersign_core::Scheme;
    /// use countersign_schemes as schemes;
    ///
    /// let stripe = schemes::stripe();
    /// let file = stripe.to_toml()?;
    /// assert!(file.contains("signature_header = \"Stripe-Signature\"\n"));
    /// assert_eq!(Scheme::from_toml(&file)?, stripe);
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotData`] if code computes the scheme's signatures.
    pub fn to_toml(&self) -> Result<String, ConfigError> {
        if !self.is_data() {
            return Err(ConfigError::NotData { scheme: self.name.clone() });
        }
        let mut file = File::default();
        self.write_description(&mut file);
        file.section("The signature.");
        self.write_signature(&mut file);
        file.section("The signed bytes.");
        self.write_signed(&mut file);
        file.section("The timestamp.");
        self.write_timestamp(&mut file);
        file.section("The event.");
        file.list("event_id", &self.event_id);
        if self.fallback_identity != Identity::Unknown {
            file.say("fallback_identity", quoted(self.fallback_identity));
        }
        if let Some(basis) = &self.identity_basis {
            file.say("identity_basis", quoted(basis));
        }
        file.list("event_type", &self.event_type);
        file.section("What the provider does.");
        self.write_profile(&mut file);
        for handshake in &self.handshakes {
            handshake.write(&mut file);
        }
        Ok(file.text)
    }

    fn write_description(&self, file: &mut File) {
        file.say("name", quoted(&self.name));
        if self.title != self.name {
            file.say("title", quoted(&self.title));
        }
        file.list("source", &self.sources);
        file.list("note", &self.notes);
        if self.evidence != Evidence::Custom {
            file.remark("For the built-in scheme: remove this line if you change anything.");
            file.say("evidence", quoted(self.evidence));
        }
        if !self.unconfirmed.is_empty() {
            file.remark("No source confirms these.");
            file.list("unconfirmed", &self.unconfirmed);
        }
    }

    fn write_signature(&self, file: &mut File) {
        if self.algorithm != Algorithm::HmacSha256 {
            file.say("algorithm", quoted(self.algorithm));
        }
        if self.secret_format != SecretFormat::Text {
            file.say("secret_format", quoted(self.secret_format));
        }
        if let Some(bytes) = self.key_length {
            file.say("key_length", bytes);
        }
        if let [header, fallbacks @ ..] = &self.families[0].signatures[..] {
            file.say("signature_header", quoted(header));
            file.list("fallback_signature_headers", fallbacks);
        }
        if let Some(prefixes) = &self.alternate_header_prefix {
            file.list("alternate_header_prefix", prefixes);
        }
        match &self.layout {
            SignatureLayout::Whole { prefix } if prefix.is_empty() => {}
            SignatureLayout::Whole { prefix } => file.say("signature_prefix", quoted(prefix)),
            SignatureLayout::Pairs { separator, assign, key, spaces } => {
                let mut list = vec![
                    ("separator", quoted(separator)),
                    ("assign", quoted(assign)),
                    ("key", quoted(key)),
                ];
                list.extend(spaces.then(|| ("spaces", "true".to_owned())));
                file.say("signature_pairs", table(list));
            }
        }
        let is_token = self.algorithm == Algorithm::Token;
        if self.encoding != (if is_token { Encoding::Text } else { Encoding::Hex }) {
            file.say("encoding", quoted(self.encoding));
        }
    }

    fn write_signed(&self, file: &mut File) {
        if self.algorithm != Algorithm::Token {
            file.say("signed_payload", quoted(self.template.text()));
        }
        if self.body_view != BodyView::Raw {
            file.say("body_view", quoted(self.body_view));
        }
        if let Some(header) = &self.families[0].id {
            file.say("id_header", quoted(header));
        }
        if let Some(delimiter) = self.id_excluded_char {
            file.say("id_excluded_char", quoted(delimiter));
        }
        if let Some(characters) = &self.body_begins_with {
            file.say("body_begins_with", quoted(characters));
        }
    }

    fn write_timestamp(&self, file: &mut File) {
        let Some(timestamp) = &self.timestamp else { return };
        match &timestamp.place {
            TimestampPlace::Header => {
                let header = self.families[0].timestamp.as_ref();
                file.say("timestamp_header", quoted(header.map_or("", |header| header.shown())));
            }
            TimestampPlace::Field(key) => file.say("timestamp_field", quoted(key)),
            TimestampPlace::Body(pointer) => file.say("timestamp_body", quoted(pointer)),
        }
        file.say("timestamp_unit", quoted(timestamp.unit));
        // Written even if it is the default: users often change it.
        match (timestamp.tolerance.past(), timestamp.tolerance.future()) {
            (Some(past), Some(future)) if past == future => {
                file.say("tolerance", span(past));
            }
            (past, future) => {
                let bound = |limit: Option<Duration>| limit.map_or_else(|| quoted(UNLIMITED), span);
                file.say("tolerance_past", bound(past));
                file.say("tolerance_future", bound(future));
            }
        }
    }

    fn write_profile(&self, file: &mut File) {
        let profile = &self.profile;
        if profile.body_limit != DEFAULT_BODY_LIMIT {
            file.say("body_limit", profile.body_limit);
        }
        if profile.ack_deadline != DEFAULT_ACK_DEADLINE {
            file.say("ack_deadline", span(profile.ack_deadline));
        }
        match &profile.retries {
            Retries::Never => file.say("retries", "[]"),
            Retries::After(delays) => file.say("retries", array(delays.iter().copied().map(span))),
            Retries::Within(window) => file.say("retries_within", span(*window)),
            Retries::Unknown => {}
        }
        if profile.retry_signature != RetrySignature::Unknown {
            file.say("retry_signature", quoted(profile.retry_signature));
        }
        if profile.interactive != Interactive::No {
            file.say("interactive", quoted(profile.interactive));
        }
        let window = self.timestamp.as_ref().and_then(|timestamp| timestamp.tolerance.window());
        let least = min_retention(&profile.retries, window);
        if profile.retention != default_retention(&profile.retries, window) {
            file.say("retention", span(profile.retention));
        }
        if profile.retention < least {
            file.say("dangerous_with_duplicates", true);
        }
    }
}

impl Handshake {
    fn write(&self, file: &mut File) {
        file.table("[[handshake]]");
        file.say("name", quoted(self.name()));
        file.say("rule", quoted(self.rule()));
        match self.method.as_deref() {
            None | Some("POST") => {}
            Some(method) => file.say("method", quoted(method)),
        }
        let places = |wanted: fn(&Test) -> bool| {
            let conditions = self.conditions.iter().filter(move |at| wanted(&at.test));
            conditions.map(|condition| &condition.place)
        };
        let when = self.conditions.iter().filter_map(|Condition { place, test }| match test {
            Test::Is(value) => Some((quoted(place), quoted(value))),
            _ => None,
        });
        file.say_some("when", table(when));
        file.list("present", places(|test| *test == Test::Present));
        file.list("absent", places(|test| *test == Test::Absent));
        if let Some(place) = places(|test| *test == Test::IsVerifyToken).next() {
            file.say("verify_token", quoted(place));
        }
        if self.status != 200 {
            file.say("status", self.status);
        }
        match &self.body {
            AnswerBody::Empty => {}
            AnswerBody::Text(place) => file.say("text", quoted(place)),
            AnswerBody::Json(fields) => {
                let fields = fields.iter().map(|(name, field)| (quoted(name), field.written()));
                file.say("json", table(fields));
            }
        }
        let fixed = self.headers.iter().filter_map(|(name, text)| match text {
            HeaderText::Fixed(text) => Some((quoted(name), quoted(text))),
            HeaderText::Echo(_) => None,
        });
        file.say_some("header", table(fixed));
        file.list(
            "echo_header",
            self.headers.iter().filter_map(|(_, text)| match text {
                HeaderText::Echo(Place::Header(name)) => Some(name),
                _ => None,
            }),
        );
        if let Some(place) = &self.capture {
            file.say("capture", quoted(place));
        }
    }
}

impl Field {
    fn written(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Echo(place) => quoted(place),
            Self::Hmac { of, encoding, prefix } => {
                let mut hmac = vec![("hmac_of", quoted(of)), ("encoding", quoted(encoding))];
                if !prefix.is_empty() {
                    hmac.push(("prefix", quoted(prefix)));
                }
                table(hmac)
            }
        }
    }
}

/// The file as written so far.
#[derive(Default)]
struct File {
    text: String,
    /// The heading of the current section, until the section has content.
    heading: Option<&'static str>,
}

impl File {
    fn section(&mut self, heading: &'static str) {
        self.heading = Some(heading);
    }

    fn table(&mut self, head: &str) {
        self.heading = None;
        self.text.push_str(&format!("\n{head}\n"));
    }

    fn remark(&mut self, remark: &str) {
        self.text.push_str(&format!("# {remark}\n"));
    }

    fn say(&mut self, key: &str, value: impl Display) {
        if let Some(heading) = self.heading.take() {
            self.text.push_str(&format!("\n# {heading}\n"));
        }
        self.text.push_str(&format!("{key} = {value}\n"));
    }

    /// Writes a table, unless it is empty.
    fn say_some(&mut self, key: &str, table: String) {
        if table != EMPTY_TABLE {
            self.say(key, table);
        }
    }

    /// Writes a list, unless it is empty.
    fn list(&mut self, key: &str, items: impl IntoIterator<Item = impl Display>) {
        let items: Vec<String> = items.into_iter().map(quoted).collect();
        if items.is_empty() {
            return;
        }
        let line = array(items.iter());
        if key.len() + " = ".len() + line.len() <= WIDTH || items.len() == 1 {
            self.say(key, line);
        } else {
            self.say(key, format_args!("[\n    {},\n]", items.join(",\n    ")));
        }
    }
}

/// A TOML string on one line: a JSON string, except that TOML requires one more
/// character to be escaped.
fn quoted(text: impl Display) -> String {
    serde_json::Value::from(text.to_string()).to_string().replace('\u{7f}', "\\u007f")
}

fn span(duration: Duration) -> String {
    quoted(humantime::format_duration(duration))
}

fn array(items: impl Iterator<Item = impl Display>) -> String {
    format!("[{}]", items.map(|item| item.to_string()).collect::<Vec<_>>().join(", "))
}

fn table(members: impl IntoIterator<Item = (impl Display, String)>) -> String {
    let members = members.into_iter().map(|(key, value)| format!("{key} = {value}"));
    let members: Vec<String> = members.collect();
    if members.is_empty() {
        EMPTY_TABLE.to_owned()
    } else {
        format!("{{ {} }}", members.join(", "))
    }
}

pub(super) const UNLIMITED: &str = "dangerously-unlimited";
const EMPTY_TABLE: &str = "{}";
/// The maximum line length for a key and its list.
const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::SchemeField;
    use crate::time::tolerance::Tolerance;
    use crate::time::unit::TimestampUnit;

    #[test]
    fn defaults_are_left_out() {
        let least =
            Scheme::builder("acme").signature_header("X-Acme").signed_payload("{body}").build();
        let file = least.unwrap().to_toml().unwrap();
        assert_eq!(
            file,
            "name = \"acme\"\n\n# The signature.\nsignature_header = \"X-Acme\"\n\n\
             # The signed bytes.\nsigned_payload = \"{body}\"\n"
        );
    }

    #[test]
    fn the_most_unusual_scheme_reads_back_equal() {
        let seconds = Duration::from_secs;
        let odd = Scheme::builder("odd")
            .title("\"Odd\" \\ \u{7f}\u{1}\u{e9}\r\n")
            .algorithm(Algorithm::HmacSha512)
            .secret_format(SecretFormat::Base64)
            .key_length(7)
            .signature_header("A-Signature")
            .fallback_signature_header("A-Signature-2")
            .alternate_header_prefix("A-", "B-")
            .signature_pairs_with_spaces('\t', '"', "v\\1")
            .encoding(Encoding::Base64)
            .signed_payload("{method}\n\u{7f}'\"\\{id}.{ts}.{header:X-Y}{body}{url}\t")
            .body_view(BodyView::Decoded)
            .id_header("A-Id")
            .id_excluded_char('"')
            .body_begins_with("{[")
            .timestamp_field("t", TimestampUnit::HttpDate)
            .tolerances(
                Tolerance::symmetric(Duration::from_millis(1500)).dangerous_without_future_limit(),
            )
            .event_id("header:A-Id")
            .event_id("body:/a~1b+/c")
            .event_id("body:/d+/e/*/f+/e/*/g")
            .fallback_identity(Identity::Content)
            .identity_basis("the \"documentation\"")
            .event_type("body:/\"")
            .body_limit(1)
            .ack_deadline(Duration::from_nanos(100_000_001))
            .retries(Retries::After(vec![Duration::ZERO, seconds(40_000_000)]))
            .retention(seconds(1))
            .interactive(Interactive::WithoutId)
            .retry_signature(RetrySignature::New)
            .dangerous_with_duplicates()
            .unconfirmed([SchemeField::Tolerance])
            .source("a")
            .note("a, which is long enough for a line of its own, and so the list is broken up")
            .note("b, in which 'quotes' and \"quotes\" stand side by side with # and [ and {")
            .handshake(
                Handshake::signed("ping")
                    .when("body:/type", "a\"b")
                    .when("body:/a", "7")
                    .absent("body:/event")
                    .status(201)
                    .json_number("n", -1)
                    .json_echo("a b", "body:/token")
                    .json_hmac("h", "body:/token", Encoding::Hex, "=\"")
                    .header("X-B", "b\"c")
                    .header("X-A", "a"),
            )
            .handshake(
                Handshake::unsigned("crc")
                    .method("GET")
                    .present("query:a=b")
                    .verify_token("query:token")
                    .text("query:crc"),
            )
            .handshake(
                Handshake::unsigned_in_window("key")
                    .present("header:X-Key")
                    .echo_header("X-Key")
                    .capture("header:X-Key"),
            )
            .build()
            .unwrap();
        let file = odd.to_toml().unwrap();
        let read = Scheme::from_toml(&file);
        assert_eq!(read.as_ref(), Ok(&odd), "{file}");
        assert_eq!(read.unwrap().to_toml(), Ok(file));
    }

    #[test]
    fn an_empty_json_response_reads_back_equal() {
        let file = "name = \"a\"\nsignature_header = \"X\"\nsigned_payload = \"{body}\"\n\
                    [[handshake]]\nname = \"b\"\nrule = \"signed\"\nwhen = { \"body:/c\" = \"d\" }\njson = {}";
        let read = Scheme::from_toml(file).unwrap();
        assert_eq!(Scheme::from_toml(&read.to_toml().unwrap()), Ok(read));
    }
}
