//! Reads DER values, one level at a time.

/// A value: its tag, its content, and the bytes behind it. `None` if it is longer than `der`, or
/// than 64 KiB.
pub(crate) fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of a value with this tag, and the bytes behind the value.
#[cfg(feature = "asymmetric")]
pub(crate) fn expect(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = value(der)?;
    (found == tag).then_some((content, rest))
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_parsed_with_short_and_long_lengths() {
        assert_eq!(value(&[2, 1, 7, 9]), Some((2, &[7][..], &[9][..])));
        assert_eq!(value(&[4, 0]), Some((4, &[][..], &[][..])));
        assert_eq!(value(&[4, 0x81, 1, 7]), Some((4, &[7][..], &[][..])));
        assert_eq!(value(&[4, 0x82, 0, 1, 7, 8]), Some((4, &[7][..], &[8][..])));
        let bad: [&[u8]; 8] = [
            &[],
            &[4],
            &[4, 1],
            &[4, 0x80, 1],
            &[4, 0x81],
            &[4, 0x82, 0],
            &[4, 0x82, 0, 2, 7],
            &[4, 0x83, 0, 0, 1, 7],
        ];
        for der in bad {
            assert_eq!(value(der), None, "{der:?}");
        }
    }
}
