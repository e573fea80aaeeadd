//! How libraries escape the fields of forms.

/// One way of escaping names and values.
#[derive(Debug, Clone)]
pub(super) struct Encoding {
    /// The characters besides letters and digits that are not escaped.
    plain: Vec<u8>,
    space: &'static [u8],
    /// Whether escapes have lower-case digits.
    lower: bool,
}

impl Encoding {
    /// Every combination of escaping these characters or not. Combinations that treat
    /// most of them alike come first.
    pub(super) fn all(disputed: Vec<u8>) -> impl Iterator<Item = Self> {
        let mut sets: Vec<u32> = (0..1 << disputed.len()).collect();
        sets.sort_by_key(|set| set.count_ones().min(set.count_zeros()));
        sets.into_iter().flat_map(move |set| {
            let plain = disputed.iter().enumerate().filter(|(at, _)| set & 1 << at != 0);
            let plain = [UNDISPUTED, &plain.map(|(_, mark)| *mark).collect::<Vec<_>>()].concat();
            [(&b"+"[..], false), (b"%20", false), (b"+", true), (b"%20", true)]
                .map(|(space, lower)| Self { plain: plain.clone(), space, lower })
        })
    }

    pub(super) fn push(&self, to: &mut Vec<u8>, text: &[u8]) {
        let digits = if self.lower { LOWER } else { UPPER };
        for byte in text {
            match byte {
                b' ' => to.extend_from_slice(self.space),
                _ if byte.is_ascii_alphanumeric() || self.plain.contains(byte) => to.push(*byte),
                _ => {
                    let [high, low] = [byte >> 4, byte & 15].map(|half| digits[usize::from(half)]);
                    to.extend_from_slice(&[b'%', high, low]);
                }
            }
        }
    }
}

/// Decodes the escapes of a name or a value.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

/// The bytes that some libraries escape and others do not, once each.
pub(super) fn disputed(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut found = Vec::new();
    for byte in bytes {
        if DISPUTED.contains(&byte) && !found.contains(&byte) {
            found.push(byte);
        }
    }
    found.sort_by_key(|byte| DISPUTED.iter().position(|known| known == byte));
    found.truncate(MAX_DISPUTED);
    found
}

/// The common libraries, each with the characters that it does not escape.
pub(super) static LIBRARIES: std::sync::LazyLock<Vec<Encoding>> = std::sync::LazyLock::new(|| {
    let plus: &[u8] = b"+";
    [
        // Browsers, Java's `URLEncoder`, Ruby's `encode_www_form`.
        (&b"*-._"[..], plus, false),
        // PHP's `urlencode`.
        (b"-._", plus, false),
        // Python's `urlencode`, Go's `QueryEscape`, Ruby's `CGI.escape`.
        (b"-._~", plus, false),
        // RFC 3986, PHP's `rawurlencode`.
        (b"-._~", b"%20", false),
        // JavaScript's `encodeURIComponent`, alone and with its spaces replaced.
        (b"-._!~*'()", b"%20", false),
        (b"-._!~*'()", plus, false),
        // .NET's `HttpUtility.UrlEncode` and `WebUtility.UrlEncode`.
        (b"-._!*()", plus, true),
        (b"-._!*()", plus, false),
        (b"*-._", b"%20", false),
        (b"*-._", plus, true),
    ]
    .into_iter()
    .map(|(plain, space, lower)| Encoding { plain: plain.to_vec(), space, lower })
    .collect()
});

const UNDISPUTED: &[u8] = b"-._";
/// The most common first.
const DISPUTED: &[u8] = b"*~!'()@:,/;$?[]{}\"|^`<>=\\";
const MAX_DISPUTED: usize = 10;
const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_library_encoding_is_among_all_encodings_and_decodes_to_the_original() {
        let text = b"a b*c~d!e'f(g)h+i&j=k%l\xc3\xa9";
        let all: Vec<Vec<u8>> = Encoding::all(disputed(text.iter().copied()))
            .map(|encoding| {
                let mut to = Vec::new();
                encoding.push(&mut to, text);
                to
            })
            .collect();
        for library in LIBRARIES.iter() {
            let mut to = Vec::new();
            library.push(&mut to, text);
            assert_eq!(decoded(&to), text, "{library:?}");
            assert!(all.contains(&to), "{library:?}");
        }
    }
}
