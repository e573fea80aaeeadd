//! Ed25519 keys for which anyone can create signatures.

/// Whether a key is the encoding of a point of low order, canonical or not. Such a key has valid
/// signatures that need no private key.
pub(crate) fn is_low_order(key: &[u8]) -> bool {
    LOW_ORDER.iter().any(|point| {
        // The top bit is the sign of the other coordinate.
        let last = point.len() - 1;
        key.len() == point.len() && key[..last] == point[..last] && key[last] & 0x7f == point[last]
    })
}

/// The points of order 4, 1, 8, 8 and 2, without their sign. The last two are those of order 4 and
/// 1 again, in encodings that are not canonical.
const LOW_ORDER: [[u8; 32]; 7] = [
    around(0x00, 0x00, 0x00),
    around(0x01, 0x00, 0x00),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    around(0xec, 0xff, 0x7f),
    around(0xed, 0xff, 0x7f),
    around(0xee, 0xff, 0x7f),
];

/// `first`, 30 times `middle`, and `last`.
const fn around(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut point = [middle; 32];
    point[0] = first;
    point[31] = last;
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_low_order_is_found_with_either_sign() {
        for point in LOW_ORDER {
            for sign in [0, 0x80] {
                let mut key = point;
                key[31] |= sign;
                assert!(is_low_order(&key), "{key:02x?}");
                key[1] ^= 1;
                assert!(!is_low_order(&key), "{key:02x?}");
            }
            assert!(!is_low_order(&point[..31]));
        }
        assert!(!is_low_order(&[7; 32]));
    }
}
