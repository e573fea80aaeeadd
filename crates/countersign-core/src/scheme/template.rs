//! The template of the signed payload: `{ts}.{body}`.

use super::boundaries::Bound;
use crate::crypto::mac::SecretPlace;
use crate::request::name::Name;

/// The signed payload, in parts. The parts are fed to the MAC one after
/// another. There is no text substitution, so placeholders in a body are never
/// expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template {
    text: String,
    /// Before the body.
    pub(crate) before: Vec<Part>,
    /// After the body.
    pub(crate) after: Vec<Part>,
    /// The position of the secret, for algorithms that hash it with the payload.
    pub(crate) secret: Option<SecretPlace>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Literal(String),
    /// The timestamp's text as it was sent.
    Timestamp,
    Id {
        /// In bytes, if it is fixed.
        length: Option<usize>,
    },
    /// The public URL.
    Url,
    /// The public URL with the percent-escapes of some marks decoded; see
    /// [`PublicUrl`](crate::PublicUrl).
    UnescapedUrl,
    Method,
    Header {
        name: Name,
        /// The limits on the value that make its end unambiguous.
        bound: Bound,
    },
}

impl Template {
    /// Parses a template; the error explains what to fix.
    ///
    /// A template without the body would verify every payload, so it is
    /// rejected. Unknown placeholders are rejected, too.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut template = Self { text: text.to_owned(), ..Self::default() };
        let mut seen_body = false;
        let mut seen_anything = false;
        let mut rest = text;
        while !rest.is_empty() {
            if template.secret == Some(SecretPlace::Last) {
                return Err("`{secret}` must be the first or the last part".to_owned());
            }
            let part = match rest.find(['{', '}']) {
                Some(0) => {
                    let Some(inner) = rest.strip_prefix('{') else {
                        return Err("a `}` has no matching `{`".to_owned());
                    };
                    let Some((word, behind)) = inner.split_once('}') else {
                        return Err("a `{` has no matching `}`".to_owned());
                    };
                    rest = behind;
                    match word {
                        "body" if seen_body => {
                            return Err("`{body}` must appear only once".to_owned());
                        }
                        "body" => {
                            seen_body = true;
                            None
                        }
                        "secret" if template.secret.is_some() => {
                            return Err("`{secret}` must appear only once".to_owned());
                        }
                        "secret" => {
                            template.secret = Some(if seen_anything {
                                SecretPlace::Last
                            } else {
                                SecretPlace::First
                            });
                            None
                        }
                        _ => Some(placeholder(word)?),
                    }
                }
                at => {
                    let (literal, behind) = rest.split_at(at.unwrap_or(rest.len()));
                    rest = behind;
                    Some(Part::Literal(literal.to_owned()))
                }
            };
            seen_anything = true;
            if let Some(part) = part {
                let side = if seen_body { &mut template.after } else { &mut template.before };
                side.push(part);
            }
        }
        if seen_body {
            Ok(template)
        } else {
            Err("`{body}` is missing: without it, any body would verify".to_owned())
        }
    }

    /// A description in words, for custom signing code: it has no parts.
    pub(crate) fn in_words(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn signs_url(&self) -> bool {
        self.text.contains("{url}") || self.text.contains("{unescaped_url}")
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.before.iter().chain(&self.after)
    }

    pub(crate) fn contains(&self, part: &Part) -> bool {
        self.parts().any(|p| p == part)
    }

    /// Whether it contains values besides the timestamp and the body.
    pub(crate) fn signs_other_values(&self) -> bool {
        self.parts().any(|part| !matches!(part, Part::Literal(_) | Part::Timestamp))
    }

    pub(crate) fn signs_id(&self) -> bool {
        self.parts().any(|part| matches!(part, Part::Id { .. }))
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = &Name> {
        self.parts().filter_map(|part| match part {
            Part::Header { name, .. } => Some(name),
            _ => None,
        })
    }
}

fn placeholder(word: &str) -> Result<Part, String> {
    match word {
        "ts" => Ok(Part::Timestamp),
        "url" => Ok(Part::Url),
        "unescaped_url" => Ok(Part::UnescapedUrl),
        "method" => Ok(Part::Method),
        _ => match (word.strip_prefix("id"), word.strip_prefix("header:")) {
            (Some(""), _) => Ok(Part::Id { length: None }),
            (Some(length), _) if length.starts_with(':') => {
                Ok(Part::Id { length: Some(part_length(&length[1..])?) })
            }
            (_, Some(header)) => {
                // A header name contains no colon.
                let (name, length) = match header.split_once(':') {
                    Some((name, length)) => (name, Some(part_length(length)?)),
                    None => (header, None),
                };
                let known = Name::new(name);
                let name = known.ok_or_else(|| format!("`{name}` is not a valid header name"))?;
                Ok(Part::Header { name, bound: Bound { length, ..Bound::default() } })
            }
            _ => Err(format!(
                "`{{{word}}}` is not a placeholder: use `{{body}}`, `{{ts}}`, `{{id}}`, `{{url}}`, \
                 `{{unescaped_url}}`, `{{method}}`, `{{secret}}` or `{{header:NAME}}`"
            )),
        },
    }
}

fn part_length(text: &str) -> Result<usize, String> {
    let length = text.parse().ok().filter(|length| (1..=MAX_PART).contains(length));
    length.ok_or_else(|| format!("`{text}` is not a length: write 1 to {MAX_PART}, in bytes"))
}

/// The maximum fixed length of a header or an id.
const MAX_PART: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_split_at_the_body() {
        let template = Template::parse("v0:{ts}:{body}|{url}").unwrap();
        let literal = |text: &str| Part::Literal(text.to_owned());
        assert_eq!(template.before, [literal("v0:"), Part::Timestamp, literal(":")]);
        assert_eq!(template.after, [literal("|"), Part::Url]);
    }

    #[test]
    fn a_template_without_exactly_one_body_is_rejected() {
        for bad in ["", "{ts}", "{id}.{ts}", "{body}{body}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_template_with_an_unknown_or_open_placeholder_is_rejected() {
        for bad in ["{timestamp}.{body}", "{ts.{body}", "ts}.{body}", "{}{body}", "{header:}{body}"]
        {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_secret_is_first_or_last() {
        assert_eq!(Template::parse("{secret}{body}").unwrap().secret, Some(SecretPlace::First));
        assert_eq!(Template::parse("{body}{secret}").unwrap().secret, Some(SecretPlace::Last));
        for bad in ["a{secret}{body}", "{body}{secret}b", "{secret}{body}{secret}"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
