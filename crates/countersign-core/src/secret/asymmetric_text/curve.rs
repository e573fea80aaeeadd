//! Recognises an uncompressed point by the equation of its curve, y² = x³ + ax + b. A random secret
//! fulfils it with a probability of about 2⁻²⁵⁶.
//!
//! In variable time: this is only for the question if a configured secret is a public key, and a
//! point that fulfils the equation is public.

/// A curve in short Weierstrass form, with numbers of `LIMBS` limbs, the lowest first. At least one
/// bit is spare, so that a sum of two numbers below `prime` fits.
struct Curve<const LIMBS: usize> {
    prime: [u64; LIMBS],
    b: [u64; LIMBS],
    /// `a` is −3, or 0.
    has_a: bool,
    /// The length of a coordinate, in bytes.
    bytes: usize,
}

/// Whether the bytes are the coordinates of a point, with or without the byte 4 before them.
pub(super) fn is_point(bytes: &[u8]) -> bool {
    matches!(bytes.len(), 64 | 96 | 132) && starts_with_coordinates(bytes)
        || matches!(bytes.len(), 65 | 97 | 133) && contains_point(bytes)
}

/// Whether a part of the bytes is a point with the byte 4 before it.
pub(super) fn contains_point(bytes: &[u8]) -> bool {
    memchr::memchr_iter(4, bytes)
        .take(MAX_CANDIDATES)
        .any(|at| starts_with_coordinates(&bytes[at + 1..]))
}

fn starts_with_coordinates(bytes: &[u8]) -> bool {
    P256.has(bytes) || SECP256K1.has(bytes) || P384.has(bytes) || P521.has(bytes)
}

impl<const LIMBS: usize> Curve<LIMBS> {
    /// Whether the bytes begin with the coordinates of a point of this curve.
    fn has(&self, bytes: &[u8]) -> bool {
        let Some((x, rest)) = bytes.split_at_checked(self.bytes) else { return false };
        let Some(y) = rest.get(..self.bytes) else { return false };
        let (x, y) = (number(x), number(y));
        if !is_less(&x, &self.prime) || !is_less(&y, &self.prime) {
            return false;
        }
        let mut left = self.product(&y, &y);
        if self.has_a {
            // As y² + 3x = x³ + b.
            left = (0..3).fold(left, |sum, _| self.sum(&sum, &x));
        }
        let cube = self.product(&self.product(&x, &x), &x);
        left == self.sum(&cube, &self.b)
    }

    fn product(&self, a: &[u64; LIMBS], b: &[u64; LIMBS]) -> [u64; LIMBS] {
        let bits = b.iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1));
        bits.skip_while(|bit| *bit == 0).fold([0; LIMBS], |product, bit| {
            let doubled = self.sum(&product, &product);
            if bit == 1 { self.sum(&doubled, a) } else { doubled }
        })
    }

    fn sum(&self, a: &[u64; LIMBS], b: &[u64; LIMBS]) -> [u64; LIMBS] {
        let mut sum = [0; LIMBS];
        let mut carry = false;
        for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
            let (limb, over) = a.overflowing_add(*b);
            let (limb, over_again) = limb.overflowing_add(u64::from(carry));
            (*sum, carry) = (limb, over || over_again);
        }
        let (reduced, is_below) = difference(&sum, &self.prime);
        if is_below { sum } else { reduced }
    }
}

/// `a - b`, and whether that is below zero.
fn difference<const LIMBS: usize>(a: &[u64; LIMBS], b: &[u64; LIMBS]) -> ([u64; LIMBS], bool) {
    let mut difference = [0; LIMBS];
    let mut borrow = false;
    for ((difference, a), b) in difference.iter_mut().zip(a).zip(b) {
        let (limb, below) = a.overflowing_sub(*b);
        let (limb, below_again) = limb.overflowing_sub(u64::from(borrow));
        (*difference, borrow) = (limb, below || below_again);
    }
    (difference, borrow)
}

fn is_less<const LIMBS: usize>(a: &[u64; LIMBS], b: &[u64; LIMBS]) -> bool {
    difference(a, b).1
}

/// The number of big-endian bytes, which are no more than the limbs have.
fn number<const LIMBS: usize>(bytes: &[u8]) -> [u64; LIMBS] {
    let mut number = [0; LIMBS];
    for (limb, bytes) in number.iter_mut().zip(bytes.rchunks(8)) {
        *limb = bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    number
}

/// The time is limited. Of the random bytes that are searched, at most about 16 are 4.
const MAX_CANDIDATES: usize = 64;
/// By NIST SP 800-186, section 3.2.1.
const P256: Curve<5> = Curve {
    prime: [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001, 0],
    b: [
        0x3bce_3c3e_27d2_604b,
        0x651d_06b0_cc53_b0f6,
        0xb3eb_bd55_7698_86bc,
        0x5ac6_35d8_aa3a_93e7,
        0,
    ],
    has_a: true,
    bytes: 32,
};
const P384: Curve<7> = Curve {
    prime: [
        0x0000_0000_ffff_ffff,
        0xffff_ffff_0000_0000,
        0xffff_ffff_ffff_fffe,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0,
    ],
    b: [
        0x2a85_c8ed_d3ec_2aef,
        0xc656_398d_8a2e_d19d,
        0x0314_088f_5013_875a,
        0x181d_9c6e_fe81_4112,
        0x988e_056b_e3f8_2d19,
        0xb331_2fa7_e23e_e7e4,
        0,
    ],
    has_a: true,
    bytes: 48,
};
const P521: Curve<9> = Curve {
    prime: [
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0x0000_0000_0000_01ff,
    ],
    b: [
        0xef45_1fd4_6b50_3f00,
        0x3573_df88_3d2c_34f1,
        0x1652_c0bd_3bb1_bf07,
        0x5619_3951_ec7e_937b,
        0xb8b4_8991_8ef1_09e1,
        0xa2da_725b_99b3_15f3,
        0x929a_21a0_b685_40ee,
        0x953e_b961_8e1c_9a1f,
        0x0000_0000_0000_0051,
    ],
    has_a: true,
    bytes: 66,
};
/// By SEC 2, section 2.4.1.
const SECP256K1: Curve<5> = Curve {
    prime: [
        0xffff_fffe_ffff_fc2f,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0xffff_ffff_ffff_ffff,
        0,
    ],
    b: [7, 0, 0, 0, 0],
    has_a: false,
    bytes: 32,
};
