//! The signature inside of its header's value.

use countersign_core::{Encoding, Scheme};

/// The format of the signature's header, as far as forging needs it.
pub(super) struct TagForm {
    /// The text in front of the timestamp, if it is in this header too (`t=`).
    before_time: Option<String>,
    /// The text in front of the signature (`,v1=`, `sha256=`, or empty).
    before_tag: String,
    encoding: Encoding,
}

impl TagForm {
    pub(super) fn of(scheme: &Scheme) -> Self {
        let format = scheme.signature_format();
        Self {
            before_time: format.before_timestamp(),
            before_tag: format.before_signature(),
            encoding: scheme.encoding(),
        }
    }

    /// The text in front of the signature, and the signature.
    pub(super) fn split<'v>(&self, value: &'v str) -> (&'v str, &'v str) {
        match value.rfind(&self.before_tag) {
            Some(at) if !self.before_tag.is_empty() => value.split_at(at + self.before_tag.len()),
            _ => ("", value),
        }
    }

    /// Half of the signature, which still decodes; and the prefix alone, if
    /// there is one.
    pub(super) fn truncated(&self, value: &str) -> Vec<String> {
        let (before, tag) = self.split(value);
        // Whole bytes of hexadecimal, and whole groups of base64.
        let half = tag.get(..tag.len() / 8 * 4).unwrap_or_default();
        let mut truncated = vec![format!("{before}{half}")];
        if !before.is_empty() && !half.is_empty() {
            truncated.push(before.to_owned());
        }
        truncated
    }

    /// As long as the signature, in characters that neither hexadecimal nor
    /// base64 has; and in characters beyond ASCII.
    pub(super) fn malformed(&self, value: &str) -> Vec<String> {
        let (before, tag) = self.split(value);
        vec![
            format!("{before}{}", "!".repeat(tag.len())),
            format!("{before}{}", "é".repeat(tag.len().div_ceil(2))),
        ]
    }

    /// The signature with zeros at the end, which still decodes.
    pub(super) fn lengthened(&self, value: &str) -> String {
        let (before, tag) = self.split(value);
        match self.encoding {
            Encoding::Base64 => {
                let tag = tag.trim_end_matches('=');
                let length = tag.len().next_multiple_of(4) + MORE;
                format!("{before}{tag:A<length$}")
            }
            _ => format!("{value}{}", "0".repeat(MORE)),
        }
    }

    /// The value with this text as its timestamp; `None` if it has no
    /// timestamp.
    pub(super) fn with_time(&self, value: &str, time: &str) -> Option<String> {
        let before_time = self.before_time.as_ref()?;
        let (_, tag) = self.split(value);
        Some(format!("{before_time}{time}{}{tag}", self.before_tag))
    }
}

/// In characters.
const MORE: usize = 128;

#[cfg(test)]
mod tests {
    use countersign_schemes as schemes;

    use super::*;

    #[test]
    fn a_signature_is_found_in_its_header() {
        for (scheme, value, before) in [
            ("venum", "t=1,v1=ab", "t=1,v1="),
            ("github", "sha256=ab", "sha256="),
            ("jupiter", "ab", ""),
            ("standardwebhooks", "v1,ab==", "v1,"),
        ] {
            let form = TagForm::of(&schemes::named(scheme).unwrap());
            assert_eq!(form.split(value).0, before, "{scheme}");
        }
    }

    #[test]
    fn the_time_beside_a_signature_is_replaced() {
        let form = TagForm::of(&schemes::stripe());
        assert_eq!(form.with_time("t=1,v1=ab", "x").unwrap(), "t=x,v1=ab");
        let form = TagForm::of(&schemes::github());
        assert_eq!(form.with_time("sha256=ab", "x"), None);
    }
}
