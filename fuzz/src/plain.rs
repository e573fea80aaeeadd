//! Simple reference implementations of functions that the library optimises.

use ring::hmac;

/// Decodes hexadecimal digits in upper or lower case.
pub fn hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() % 2 == 1 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8);
    text.chunks(2).map(byte).collect()
}

/// Decodes base64 in the standard alphabet. It accepts only the canonical encoding, except for the
/// padding, which can be [`Padding::Optional`].
pub fn base64(text: &[u8], padding: Padding) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (digits, padded) = text.split_at(end);
    let fitting = (4 - digits.len() % 4) % 4;
    let is_padded = match padding {
        Padding::Required => padded.len() == fitting,
        Padding::Optional => padded.len() <= fitting,
    };
    if !is_padded || fitting == 3 {
        return None;
    }
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits {
        let value = ALPHABET.iter().position(|other| other == digit)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // The unused bits of the last digit must be zero.
    (bits == 0).then_some(bytes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    Required,
    Optional,
}

/// Returns the whole seconds from 1970 to this time, in the calendar of RFC 3339 and HTTP.
pub fn unix_seconds([year, month, day, hour, minute, second]: [i64; 6]) -> i64 {
    let days_of =
        |year: i64| 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days =
        days_of(year - 1) - days_of(1969) + (1..month).map(|m| days_in(year, m)).sum::<i64>() + day
            - 1;
    ((days * 24 + hour) * 60 + minute) * 60 + second
}

pub fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub fn mac(algorithm: hmac::Algorithm, message: &[&[u8]]) -> Vec<u8> {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(algorithm, KEY.as_bytes()));
    message.iter().for_each(|part| mac.update(part));
    mac.sign().as_ref().to_vec()
}

/// The key of [`mac`].
pub const KEY: &str = "the plain reader's own key";

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
