//! Forms: the fields that Twilio and Mandrill sign, and the signature in Mailgun's forms.

pub(crate) mod multipart;

use countersign_core::VerifyError;
use std::borrow::Cow;

/// The fields of a form, each a name and a value, decoded.
///
/// They are bytes, not text: bytes that are not UTF-8 stay unchanged, and two
/// different values never become the same replacement character.
pub(crate) type Fields<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// Reads an urlencoded form of at most `most` fields. They are counted before any of them is
/// decoded: the client has not been authenticated yet.
pub(crate) fn fields(body: &[u8], most: usize) -> Result<Fields<'_>, VerifyError> {
    Ok(pairs(body, most)?.map(|(name, value)| (decoded(name), decoded(value))).collect())
}

/// Names and values as sent, still encoded.
fn pairs(body: &[u8], most: usize) -> Result<impl Iterator<Item = (&[u8], &[u8])>, VerifyError> {
    if memchr::memchr_iter(b'&', body).count() >= most {
        return Err(VerifyError::too_many_fields(most));
    }
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    Ok(pairs.map(|pair| match memchr::memchr(b'=', pair) {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &pair[..0]),
    }))
}

/// The values of these fields; `None` for a field that is not present exactly once. The others are
/// not decoded.
pub(crate) fn values<'a, const N: usize>(
    body: &'a [u8],
    names: [&str; N],
    most: usize,
) -> Result<[Option<Cow<'a, [u8]>>; N], VerifyError> {
    let mut found = [const { None }; N];
    let mut seen = [false; N];
    // The maximum length: a name with every byte escaped.
    let longest = names.iter().map(|name| 3 * name.len()).max().unwrap_or_default();
    for (name, value) in pairs(body, most)? {
        let name = if name.len() <= longest { decoded(name) } else { Cow::Borrowed(name) };
        if let Some(at) = names.iter().position(|wanted| wanted.as_bytes() == &*name) {
            found[at] = (!seen[at]).then(|| decoded(value));
            seen[at] = true;
        }
    }
    Ok(found)
}

/// The fields sorted by name, each name followed by its value, without separators.
pub(crate) fn sorted(mut fields: Fields<'_>, values: Values) -> Sorted {
    match values {
        Values::SortedOnce => {
            fields.sort_unstable();
            fields.dedup();
        }
        // Stable: values of one name stay in the order in which they were sent.
        Values::AsTheyCame => fields.sort_by(|(left, _), (right, _)| left.cmp(right)),
    }
    let first = fields
        .first()
        .map(|(name, value)| First { name: name.to_vec(), value_begins: value.first().copied() });
    let length = fields.len();
    let text = fields.iter().flat_map(|(name, value)| [&**name, &**value]).collect::<Vec<_>>();
    Sorted { text: text.concat(), length, first }
}

/// A form as it is signed.
#[derive(Default)]
pub(crate) struct Sorted {
    pub(crate) text: Vec<u8>,
    /// The number of fields.
    pub(crate) length: usize,
    /// The first field; `None` if the form is empty.
    pub(crate) first: Option<First>,
}

pub(crate) struct First {
    pub(crate) name: Vec<u8>,
    pub(crate) value_begins: Option<u8>,
}

/// How several values of one name are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Duplicates are removed, and the values are sorted.
    SortedOnce,
    /// They are kept unchanged.
    AsTheyCame,
}

fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'+', b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut decoded: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let (mut from, mut to) = (0, 0);
    while let Some(byte) = decoded.get(from).copied() {
        let escaped = (byte == b'%').then(|| escaped(&decoded[from + 1..])).flatten();
        decoded[to] = escaped.unwrap_or(byte);
        from += if escaped.is_some() { 3 } else { 1 };
        to += 1;
    }
    decoded.truncate(to);
    Cow::Owned(decoded)
}

/// The byte that two hexadecimal digits encode.
fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(16 * digit(0)? + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::VerifyErrorKind;

    fn sorted(body: &[u8], values: Values) -> String {
        String::from_utf8_lossy(&bytes(body, values)).into_owned()
    }

    fn bytes(body: &[u8], values: Values) -> Vec<u8> {
        super::sorted(fields(body, 8).unwrap(), values).text
    }

    #[test]
    fn fields_are_decoded_and_sorted_by_name() {
        let body = b"b=%2B1+2&a=x%3Dy&&c&=z&d=1=2";
        assert_eq!(sorted(body, Values::SortedOnce), "zax=yb+1 2cd1=2");
        assert_eq!(sorted(body, Values::AsTheyCame), "zax=yb+1 2cd1=2");
    }

    #[test]
    fn repeated_values_are_deduplicated_or_kept_in_order() {
        let body = b"n=2&n=1&n=2";
        assert_eq!(sorted(body, Values::SortedOnce), "n1n2");
        assert_eq!(sorted(body, Values::AsTheyCame), "n2n1n2");
    }

    #[test]
    fn bytes_that_are_not_utf8_stay_distinct() {
        let one = bytes(b"a=\xff", Values::SortedOnce);
        assert_ne!(one, bytes(b"a=\xfe", Values::SortedOnce));
        assert_eq!(one, bytes(b"a=%FF", Values::SortedOnce));
        assert_eq!(bytes(b"", Values::SortedOnce), b"");
        assert_eq!(bytes(b"%=%4&%", Values::AsTheyCame), b"%%4%");
        assert_eq!(bytes(b"%%41=%g1+%4%31", Values::AsTheyCame), b"%A%g1 %41");
    }

    #[test]
    fn a_form_of_too_many_fields_is_not_decoded() {
        assert_eq!(fields(b"a&b&c", 2).unwrap_err().kind(), VerifyErrorKind::BodyTooLarge);
        assert_eq!(fields(b"a&b&c", 3).unwrap().len(), 3);
        // Empty fields count, too.
        assert!(fields(&[b'&'; 100], 9).is_err());
    }
}
