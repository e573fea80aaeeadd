//! The sorted form: what Twilio and Mandrill sign of a form-encoded body.

use percent_encoding::percent_decode;

/// The fields, decoded and sorted by name: each name with its value behind it,
/// and nothing in between.
///
/// Bytes are not read as text: what is not UTF-8 stays what it is, and never
/// becomes the same replacement character as something else.
pub(crate) fn sorted(body: &[u8], values: Values) -> Vec<u8> {
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = fields(body).collect();
    match values {
        Values::SortedOnce => {
            fields.sort_unstable();
            fields.dedup();
        }
        // Stable: values of one name stay in the order in which they came.
        Values::AsTheyCame => fields.sort_by(|(left, _), (right, _)| left.cmp(right)),
    }
    fields.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect()
}

/// What becomes of several values of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Each counts once, and they are sorted.
    SortedOnce,
    /// They stay as they are.
    AsTheyCame,
}

fn fields(body: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let mut next = || decoded(halves.next().unwrap_or_default());
        (next(), next())
    })
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(body: &[u8], values: Values) -> String {
        String::from_utf8_lossy(&super::sorted(body, values)).into_owned()
    }

    #[test]
    fn fields_are_decoded_and_sorted_by_name() {
        let body = b"b=%2B1+2&a=x%3Dy&&c&=z&d=1=2";
        assert_eq!(sorted(body, Values::SortedOnce), "zax=yb+1 2cd1=2");
        assert_eq!(sorted(body, Values::AsTheyCame), "zax=yb+1 2cd1=2");
    }

    #[test]
    fn several_values_of_a_name_count_once_or_stay_as_they_came() {
        let body = b"n=2&n=1&n=2";
        assert_eq!(sorted(body, Values::SortedOnce), "n1n2");
        assert_eq!(sorted(body, Values::AsTheyCame), "n2n1n2");
    }

    #[test]
    fn bytes_that_are_not_text_stay_different() {
        let one = super::sorted(b"a=\xff", Values::SortedOnce);
        assert_ne!(one, super::sorted(b"a=\xfe", Values::SortedOnce));
        assert_eq!(one, super::sorted(b"a=%FF", Values::SortedOnce));
        assert_eq!(super::sorted(b"", Values::SortedOnce), b"");
        assert_eq!(super::sorted(b"%=%4&%", Values::AsTheyCame), b"%%4%");
    }
}
